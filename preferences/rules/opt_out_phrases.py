"""Ways of saying no to a sender, of coming back and of asking for help, by language. Data; `opt_out_words` reads it.

A word counts when it is all that was said. A way counts wherever it is said, and is written as words between spaces:
`text*` begins like that, `a|b` is either, `my_number` is two words, `x?` may be missing, `..` is up to three words.
Accents do not matter. Ways speak of messages, lists, numbers or being written to, so that orders can be cancelled and
buses can stop.
"""

STOP_WORDS = {
    "en": "stop, quit, end, revoke, opt out, optout, cancel, unsubscribe, stop all, stopall, unsub, cease, remove, "
    "remove me, delete me, no more, enough, leave me alone, go away, stp, stopp, unsubscribed, un subscribe",
    "fr": "arrêt, arrêter, arrêtez, arrête, stopper, désabonner, se désabonner, désabonnement, désinscription, "
    "désinscrire, résilier, annuler, fin",
    "de": "stoppen, abmelden, abbestellen, abmeldung, beenden, kündigen, austragen, aufhören, ende, "
    "widerruf, widerrufen",
    "es": "parar, pare, paren, baja, alto, cancelar, basta, detener, salir, desuscribir",
    "it": "annulla, cancella, cancellami, disiscrivimi, fermare, ferma, smettere, smettila, smettetela, "
    "disdire, revoca",
    "pt": "sair, cancelamento, descadastrar, descadastre, remover, parem, chega",
    "nl": "afmelden, uitschrijven, annuleren, opzeggen, beëindigen",
    "pl": "koniec, rezygnuję, wypisz, wypisz mnie, anuluj, przestań, przestańcie",
    "sv da no fi": "avsluta, avregistrera, sluta, avbryt, avslutt, avmeld, afmeld, slut, annuller, frameld, lopeta, "
    "peruuta",
    "cs": "zrušit, odhlásit, konec, ukončit",
    "tr": "iptal, iptal et, dur, durdur, çık, ret, red",
    "ru": "стоп, отписаться, отпишите, отписка, отмена, хватит, прекратите, отказ, отказаться",
    "ar": "توقف, توقفوا, أوقف, إيقاف, إلغاء, قف, كفى, إلغاء الاشتراك",
    "zh ja ko hi": "停止, 退订, 退訂, 取消, 解除, 配信停止, やめて, 수신거부, 중지, 취소, 거부, "
    "रोकें, रोको, बंद करें, बंद करो, बंद",
}
START_WORDS = {
    "en": "start, unstop, subscribe, resume, opt in, optin, restart, resubscribe, start again",
    "others": "reprendre, réabonner, anmelden, starten, alta, iniciar, inizia, começar, aanmelden, zapisz, starta, "
    "aloita, başla, начать, старт, подписаться, ابدأ, اشتراك, 开始, 開始, 订阅, 시작",
}
HELP_WORDS = {
    "en": "help, info, help me, information, assistance",
    "others": "aide, hilfe, ayuda, aiuto, ajuda, pomoc, hjälp, hjælp, hjelp, apua, yardım, помощь, справка, "
    "مساعدة, 帮助, 幫助, ヘルプ, 도움말, मदद",
}

# Those that mean no even when more is said before or after them, in a sentence of their own.
PLAIN_STOP_WORDS = {
    "all": "stop, unsubscribe, opt out, arrêt, arrêtez, stopp, stoppen, abmelden, désabonner, basta, стоп, توقف",
}

# What may stand around one of the words without changing what it means.
POLITE = {
    "en": "please pls plz kindly thanks thank you thx now already immediately ok okay hey hi hello sir just i said me "
    "it this these them all that my number the omg",
    "fr": "svp merci s il vous plaît te bonjour maintenant",
    "de": "bitte danke sofort jetzt hallo",
    "es": "por favor gracias ahora ya hola",
    "it pt": "per favore grazie subito adesso obrigado obrigada agora",
    "nl pl sv da no": "alsjeblieft aub nu proszę dziękuję teraz tack snälla tak takk",
    "tr ru ar": "lütfen hemen пожалуйста спасибо من فضلك شكرا الآن رجاء",
}

_SENT = "text* txt* messag* msg* sms* mail* email* spam* notif* alert* reminder* promo* offers marketing newsletter*"
_SENT_EN = "|".join(_SENT.split())
_WRITING_EN = f"{_SENT_EN}|send*|contact*|writ*|bother*|bug*|harass*|annoy*|communication*"

WAYS = {
    "en": (
        f"stop|quit|cease|end|halt|discontinue|terminate|disable .. {_WRITING_EN}",
        f"cancel|turn_off .. {_SENT_EN}",
        "cancel|terminate|end my|this|the subscription",
        "cease all communication*",
        f"stop|quit the|this|these|with|your .. {_SENT_EN}",
        "quit it",
        "do_not|dont|don_t|never ever? text|txt|message|msg|sms|spam|contact|bother|email me|us",
        "do_not|dont|don_t|never text|txt|message|contact this number|phone",
        "stop receiving",
        "desist from",
        "fuck|piss off",
        f"do_not|dont|don_t send me? any? more? these|this|your? {_SENT_EN}",
        f"do_not|dont|don_t send me? .. {_SENT_EN} again|anymore|any_more",
        f"do_not|dont|don_t send me? any|more|promo*|marketing more? {_SENT_EN}",
        f"do_not|dont|don_t send me {_SENT_EN}",
        "do_not|dont|don_t send promo*",
        f"no_longer|do_not|dont|don_t want|wish|like|need to? receive|get|have? .. {_SENT_EN}",
        f"do_not|dont|don_t want any? more? of? these|your|this? {_SENT_EN}",
        f"no more .. {_SENT_EN}",
        "unsub*|unsuscri*|unsubcri*|un_subscribe|optout|unenroll",
        "opt|opting|opted me|us? out",
        "remove|take|delete|drop|get|erase me|us|my_number|my_phone_number|this_number .. off|from|out",
        "remove|delete|erase|lose my|this phone? number",
        "remove me",
        "leave me alone",
        "i want out",
        "be removed",
        "revoke|withdraw my? consent|permission",
        "did_not|didn_t|didnt|never sign_up|subscribe|subscribed|signed_up for|to this|these|your",
    ),
    "fr": (
        "arrêt*|cess*|stop .. sms|messag*|texto*|envo*|mail*|écri*|contact*",
        "cess*|arrêt* de m? envo*|écri*|contact*",
        "ne veux|souhaite|désire|voudrais plus .. recevoir",
        "ne veux|souhaite|désire|voudrais plus de|vos|aucun sms|messag*|texto*|mail*|pub*",
        "ne plus m? envo*|recevoir|écri*|contact*",
        "ne m? envo*|écri*|contact*|dérang* plus",
        "ne me contact*|écri*|dérang* plus",
        "plus de|aucun sms|messag*|texto*|mail*|pub|publicité*",
        "désabonne*|désinscri*",
        "retir*|supprim*|enlev*|ray* moi? de la|votre|vos liste*",
        "retir*|supprim*|effac* mon numéro",
        "laiss* moi tranquille",
    ),
    "de": (
        "keine|kein weiteren? sms|nachrichten|werbung|mails|e_mails|newsletter mehr",
        "keine weiteren sms|nachrichten|mails",
        "möchte|will .. abmelden|abbestellen",
        "melde*|melden sie? mich bitte? ab",
        "nicht_mehr schreiben|kontaktieren|anschreiben",
        "schreib* mir|sie? mir? bitte? nicht_mehr",
        "hör* sie? bitte? auf mir? .. schreiben|schicken|senden|texten|sms",
        "lösch* sie? bitte? meine? nummer|daten",
        "nehm* sie? mich bitte? .. liste|verteiler",
        "lass* sie? mich in_ruhe",
        "widerruf* .. einwilligung|zustimmung",
        "stopp* .. sms|nachrichten|werbung",
    ),
    "es": (
        "darme|dame|denme|deme|dadme|dar de baja",
        "no quiero|deseo recibir nada",
        "no quiero|deseo recibir? más? .. mensaj*|sms|textos|correos|publicidad|promociones|notificaciones",
        "no me|nos mand*|envi*|escrib*|contact*|llam* .. más",
        "no me|nos mand*|envi* .. mensaj*|sms|textos|correos",
        "no me molest*",
        "dej*|par*|ces*|deten* de mandar*|enviar*|escribir*|molestar*|contactar*",
        "elimin*|borr*|quit*|sac*|saqu* de la|su lista",
        "elimin*|borr*|quit* mi número",
        "no más mensaj*|sms|textos|correos|publicidad",
        "cancel* mi|la? suscripción",
        "déj* en_paz",
    ),
    "it": (
        "non voglio|desidero più? ricevere? vostri|altri? messaggi|sms",
        "non voglio più ricevere",
        "smett* di scriver*|mandar*|inviar*|contattar*",
        "non scriv*|contatt*|mand*|invi*|disturb* più",
        "non mi più? scriv*|contatt*|disturb*",
        "non scrivetemi|contattatemi|disturbatemi|mandatemi",
        "basta|niente più? con? i|gli? sms|messaggi|mail|pubblicità",
        "disiscriv*",
        "cancell*|togli*|rimuov* dalla|dalle|il_mio|dal vostra|numero|lista|liste",
        "cancell*|togli*|rimuov* dalla|dalle lista|liste",
        "rimuov*|cancell* il mio numero",
        "lasciatemi|lasciami in pace",
    ),
    "pt": (
        "não quero|desejo mais? receber",
        "não quero|desejo mais mensage*|sms",
        "pare|parem de me? mandar|enviar|escrever|incomodar",
        "não me mand*|envi*|escrev*|contat*|perturb*|incomod* .. mais",
        "não me mand*|envi* mensage*|sms",
        "chega de sms|mensage*",
        "me? remov*|tir*|exclu*|descadastr* da|dessa|desta|me? da|dessa|desta? lista",
        "remov*|tir*|exclu*|apag* meu número",
        "cancelar|cancele minha|a? inscrição|assinatura",
        "me deixe*|deixem em paz",
    ),
    "nl": (
        "geen sms*|berichten|berichtjes|mails|reclame meer",
        "wil geen .. sms*|berichten|mails .. ontvangen|krijgen",
        "stop|hou op? met sms|sms*|sturen|berichten|appen",
        "schrijf|meld me|mij .. uit|af",
        "haal me|mij|mijn_nummer .. van|uit",
        "verwijder me|mij|mijn_nummer",
        "niet meer sms*|berichten|sturen|lastigvallen",
        "laat me|mij met rust",
    ),
    "pl": (
        "nie chcę już? więcej? dostawać|otrzymywać|sms*|wiadomości",
        "proszę nie wysyłać|pisać",
        "proszę mnie wypisać|usunąć",
        "przestań*|przestańcie mi? wysyłać|pisać|przysyłać",
        "wypisz*|usuń* mnie",
        "usuń*|skasuj* mój numer",
        "nie wysyłaj*|piszcie|pisz|przysyłaj* .. więcej|sms*|wiadomości",
        "koniec z sms*|wiadomościami",
    ),
    "sv da no fi": (
        "inga fler|mer sms|meddelanden|utskick",
        "sluta skicka|smsa|skriva|kontakta",
        "ta bort mig",
        "avregistrera|avanmäl mig",
        "vill inte ha fler|mer .. sms|meddelanden",
        "ikke flere sms*|beskeder|meldinger",
        "stop|slutt med? at|å|a sende|skrive|kontakte",
        "slutt å|a|med sende|skrive|sms|meldinger",
        "fjern mig|meg|mitt|mit",
        "meld mig|meg av|fra",
        "vil ikke ha|have|motta|modtage flere|mer*",
    ),
    "tr": (
        "mesaj*|sms* .. istemiyorum|göndermeyin|gönderme|atmayın|atma",
        "beni|numaramı .. çıkar*|sil*",
        "abonelik*|aboneliğimi|üyeliğimi iptal",
    ),
    "ru": (
        "не пиш*|присыл*|шлит*|отправля*|беспоко* мне? больше|смс|сообщен*",
        "больше не пиш*|присыл*|шлит*|отправля*|хочу",
        "не хочу .. получать",
        "отпис*|отпиш* меня",
        "хочу|хотел отписаться",
        "хватит|прекрат*|перестан* мне? слать|писать|присыл*|отправ*|спам*",
        "уберите|удалите|исключите меня|мой_номер",
    ),
    "ar": (
        "توقف*|كف* عن|من? إرسال|مراسل*|الإرسال|إزعاج*",
        "أوقف* .. الرسائل|رسائلكم|الإرسال",
        "لا ترسل*|تراسل*|تتصل* .. رسائل*|الرسائل|مرة|بي|بعد",
        "لا أريد استلام|تلقي? .. رسائل*|الرسائل|رسائلكم",
        "إلغاء|ألغ* الاشتراك|اشتراك*",
        "احذف*|أزل*|أزيل* .. رقمي|القائمة",
        "من القائمة احذف*",
    ),
}

# Scripts that do not part words, as they are written.
FRAGMENTS = (
    "不要再给我发, 请不要发, 不要给我发, 不要再发, 别再发, 别给我发, 别再联系, 不要再联系",
    "退订, 退訂, 取消订阅, 取消訂閱, 停止发送, 停止發送, 拒收",
    "配信を停止, 配信停止, 配信を解除, 送らないで, 送信しないで, メールを止め, メールをやめ, 退会",
    "登録を解除, 登録を削除",
    "보내지 마, 보내지마, 그만 보내, 그만보내, 수신거부, 수신 거부, 구독 취소, 구독취소",
    "मत भेज, भेजना बंद, बंद करो, बंद करें",
)

# What sounds like a no and is the opposite, or about something else.
NOT_MEANT = (
    "do_not|dont|don_t|never|can_t|cant|cannot|won_t|wont|couldn_t|wouldn_t ever? stop|quit|unsub*|cancel|end|remove",
    "non_stop|nonstop",
    "keep texting|sending|messaging|them",
    "n arrêt* pas",
    "hör* nicht auf",
    "nicht abmelden",
    "waiting list",
    "no paren|dejen|pares|dejes de",
    "não pare|parem",
    "не останавлив*",
    "text|message|send|call|email|contact me before|until|after",
    "do_not|dont|don_t send it|them|him|her",
)
