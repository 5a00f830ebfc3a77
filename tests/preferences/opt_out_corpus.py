"""What people answer to an SMS: ways of saying no, and everything else that has the same words in it."""

OPT_OUT = """
Stop texting me
stop txting me
STOP SENDING ME MESSAGES
Please stop
please stop messaging this number
Stop please
stop now
Stop it please
STOP ALL
stopall
Stop all messages
stop these texts
stop the texts already
Just stop
I said stop
Stop messaging me please
stop contacting me
Stop calling and texting me
stop spamming me
quit spamming my phone
Quit texting me
quit sending me this
please quit
quit it with the texts
END messages
end all texts
End this subscription
please end these messages
Cancel my subscription
cancel these text messages
cancel sms
cancel all notifications
Cancel texts please
Unsubscribe
unsubscribe me
Unsubscribe please
please unsubscribe me from this list
UNSUBSCRIBE ME NOW
I want to unsubscribe
I would like to unsubscribe
how do I unsubscribe?
unsub
unsuscribe
unsubcribe me
un subscribe
opt out
OPT-OUT
optout
opt me out
I want to opt out
I'd like to opt out of these messages
opting out
I am opting out
please opt me out of all texts
Revoke
revoke consent
I revoke my consent
I hereby revoke my permission to be contacted
I withdraw my consent
withdraw consent please
remove me
Remove me from your list
please remove me from this list
remove my number
Remove my number from your database
take me off your list
take me off this list please
Take my number off your list
delete my number
please delete my number
delete me from your list
lose my number
Lose this number
get me off this list
don't text me
Don't text me anymore
dont text me again
do not text me again
Do not contact me
do not contact me again
please do not message me
please don't send me any more messages
don't send me messages
Don't message this number again
do not send me any more texts
never text me again
never contact me again
Never message me again please
no more texts
No more messages
no more text messages please
no more sms
no more promos please
I don't want these messages
I don't want to receive these texts
I do not want to receive any more messages
i dont want any more texts from you
I no longer want to receive messages
I no longer wish to receive texts
I don't want texts
leave me alone
Leave me alone!!!
please leave me alone
go away
enough
cease
Cease and desist sending messages
cease all communications
discontinue these messages
please discontinue text alerts
terminate my subscription
turn off notifications
turn off these alerts
disable text alerts
halt all messages
I did not sign up for this
I didn't sign up for these texts
i didnt subscribe to this
I never subscribed, stop texting
Not interested, stop texting me
not interested please remove me
wrong person, stop texting me
Wrong number please stop texting
who is this? stop texting me
STOP!!!!
Stop.
"STOP"
'stop'
(stop)
S T O P
S.T.O.P
s-t-o-p
stopp
STOP 🛑
🛑 stop 🛑
stop 😡😡
Stop pls
stop plz
pls stop
STOP thanks
stop thank you
ok stop
Hi, please stop
Hello please unsubscribe me
sir please stop
kindly stop sending messages
kindly remove me from your list
kindly unsubscribe
I want out
i want to be removed from this list
please take my number out of your system
stop bothering me
stop harassing me
please stop with the messages
enough with the texts, stop sending them
block me from these messages, stop sending
Stop sending marketing
stop marketing texts
no more marketing messages
stop promotional messages
i don't wish to get your offers
do not send promotions
stop the reminders
please stop the alerts
arrêt
ARRET
Arrêtez
arrêtez svp
Stop svp
STOP SMS
Arrêtez de m'envoyer des SMS
arretez de m'envoyer des messages
arrêtez de m'écrire
Arrêtez vos messages
Cessez de m'envoyer des SMS
Désabonner
Se désabonner
désabonnez-moi
Je veux me désabonner
je souhaite me désinscrire
Désinscription
désinscrivez-moi de votre liste
Je ne veux plus recevoir vos SMS
Je ne souhaite plus recevoir de messages
je ne veux plus de sms
ne m'envoyez plus de messages
Ne me contactez plus
ne m'écrivez plus
Plus de SMS
plus de messages svp
plus de pub
Retirez-moi de votre liste
Retirez mon numéro
supprimez mon numéro
Supprimez-moi de votre liste
enlevez-moi de la liste
Laissez-moi tranquille
merci de ne plus m'envoyer de sms
Merci de me désabonner
Résilier
Stoppen
stopp
Abmelden
Bitte abmelden
abbestellen
Ich möchte mich abmelden
Ich will keine SMS mehr
Ich möchte keine Nachrichten mehr erhalten
Keine SMS mehr
keine Nachrichten mehr bitte
Keine Werbung mehr
bitte keine Werbung mehr schicken
Bitte hören Sie auf, mir zu schreiben
Hört auf mir SMS zu schicken
Hören Sie auf mir Nachrichten zu senden
Schreibt mir nicht mehr
schreiben Sie mir bitte nicht mehr
Bitte nicht mehr schreiben
nicht mehr kontaktieren
Löschen Sie meine Nummer
Bitte löscht meine Nummer
Nehmen Sie mich von der Liste
nehmt mich aus dem Verteiler
Lasst mich in Ruhe
Ich widerrufe meine Einwilligung
austragen
Melden Sie mich ab
melden sie mich bitte ab
kündigen
Stop bitte
BAJA
baja por favor
Darme de baja
quiero darme de baja
dadme de baja
Deme de baja por favor
Alto
parar
No quiero recibir más mensajes
no quiero más mensajes
No deseo recibir publicidad
no me envíen más mensajes
No me manden mas mensajes
No me escriban más
no me molesten
no me molesten más
No me contacten más
Dejen de enviarme mensajes
dejen de mandar mensajes
Paren de enviarme SMS
Deje de escribirme
Elimínenme de la lista
quítenme de la lista
borren mi número
Saquenme de su lista
No más mensajes
no mas sms por favor
Cancelar suscripción
cancelen mi suscripción
cancelar
Basta
Déjenme en paz
Basta SMS
basta messaggi
Cancellami
cancellatemi dalla lista
Annulla
Disiscrivimi
voglio disiscrivermi
Non voglio più ricevere messaggi
non voglio più messaggi
Non desidero ricevere messaggi
Smettetela di mandarmi messaggi
smettete di scrivermi
Smettila
Non scrivetemi più
non contattatemi più
Non mandatemi più SMS
non mi contattate
Rimuovete il mio numero
toglietemi dalla lista
Niente più messaggi
lasciatemi in pace
SAIR
Parar
Cancelar
Pare de me enviar mensagens
parem de mandar mensagens
Não quero mais receber mensagens
não quero receber mensagens
Não me mande mais mensagens
não me enviem mais SMS
Não me perturbe mais
Me tirem da lista
me remova dessa lista
remover meu número
Descadastrar
chega de SMS
chega de mensagens
cancelar minha assinatura
AFMELDEN
uitschrijven
Schrijf me uit
meld mij af
Geen sms meer
geen berichten meer aub
Ik wil geen berichten meer ontvangen
stop met sms'en
stop met berichten sturen
hou op met sturen
haal mijn nummer van de lijst
haal me van de lijst
verwijder mijn nummer
stuur mij niet meer berichten
laat me met rust
Koniec
Wypisz mnie
proszę mnie wypisać
Rezygnuję
nie chcę więcej wiadomości
Nie chcę już dostawać SMS
przestańcie mi wysyłać
Przestańcie pisać
nie piszcie więcej
usuńcie mnie z listy
usuń mój numer
proszę nie wysyłać sms
Avsluta
sluta skicka sms
Sluta smsa mig
inga fler sms
Ta bort mig
avregistrera mig
Ikke flere beskeder
stop med at sende sms
fjern mig fra listen
Slutt å sende meg meldinger
ikke flere meldinger
Meld meg av
Jeg vil ikke ha flere meldinger
lopeta
İptal
iptal et
Mesaj istemiyorum
Bana mesaj atmayın
mesaj göndermeyin
sms almak istemiyorum
beni listeden çıkarın
numaramı silin
üyeliğimi iptal edin
СТОП
Стоп пожалуйста
Отписаться
отпишите меня
Хочу отписаться
Не пишите мне больше
больше не пишите
не присылайте больше смс
Не хочу получать сообщения
Хватит слать смс
Прекратите присылать сообщения
перестаньте писать
удалите мой номер
Уберите меня из списка
отмена
توقف
أوقف
إيقاف
إلغاء
إلغاء الاشتراك
الغاء الاشتراك من فضلك
توقف عن إرسال الرسائل
توقفوا عن مراسلتي
لا ترسلوا لي رسائل
لا ترسل لي رسائل مرة أخرى
لا أريد رسائل
لا أريد استلام رسائل
ألغوا اشتراكي
احذفوا رقمي
أوقفوا الرسائل
احذفني من القائمة
停止
退订
取消订阅
不要再给我发短信
别再发了
请不要发短信给我
退訂
配信停止
配信を停止してください
もう送らないでください
メールを止めて
登録を解除
수신거부
문자 보내지 마세요
문자 그만 보내세요
구독 취소
बंद करो मैसेज
बंद करें
stop bugging me
please don't contact me ever again
Do NOT text this phone
You have the wrong number, remove me please
get lost and stop texting
how can i stop these messages
i want to stop receiving these messages
stop receiving
No quiero recibir nada más
je ne suis pas intéressé, arrêtez
Non merci, stop
nein danke, keine weiteren SMS
kindly desist from sending me texts
who gave you my number? stop
Please take this number off
im not interested, take me off
I am no longer interested. Unsubscribe
fuck off
stop these f***ing texts
STOPPPP
stop stop stop
omg stop
this is spam, stop
Please stop sending me texts, I never signed up
end texts
cancel alerts
Quit it
मुझे संदेश मत भेजो
एसएमएस बंद करें
""".strip().splitlines()

ORDINARY = """
Yes
No
ok
Thanks!
Thank you so much
See you at 5
I'll be there in ten minutes
Can you stop by tomorrow?
I'll stop by the store after work
Stop by at 5?
The bus stop is closed
which stop do I get off at?
I can't stop laughing
can't stop, won't stop
don't stop sending these, I love them
Please don't stop
don't stop!
never stop texting me lol
non-stop flight please
It was raining nonstop
Stop sign at the corner, then left
We had to stop for gas
Does the train stop in Lyon?
Is this the last stop?
It won't stop raining
The heating won't stop making noise
my car stopped working
The delivery truck stopped at the wrong house
stop the presses, we won!
Quit smoking last year
I quit my job yesterday
He quit the team
I never quit
Did she quit?
I might quit school
don't quit on me
end of the month works for me
By the end of the week please
At the end of the street
The weekend is fine
the end of the movie was great
When does the sale end?
does it end at 9 or 10?
In the end we took the bus
I want to attend on Friday
cancel my order please
Please cancel my appointment
I need to cancel tomorrow's appointment
can I cancel my booking?
Cancel the 3pm meeting
Can you cancel order 4411
the flight was cancelled
They cancelled the concert
cancel my reservation for tonight
I have to cancel dinner, sorry
what is your cancellation policy?
My card was cancelled, can I pay with another one?
Please cancel the red one and send the blue one
remove the onions please
Remove item 3 from my order
can you remove the blue shirt from my cart
please remove my old address from the order
take me to the airport at 6
take the left door
Leave it at the door
please leave the package with my neighbour
Leave it with the concierge
I'm out of office until Monday
no more milk in the fridge
No more than two please
I want no more than 3
I don't want the blue one
I don't want to be late
I don't know
don't know yet
I don't think so
I don't have the code
I did not get the code
I didn't receive the code
i did not receive my package
Didn't get it
Where is my package?
Where is my order
My order never arrived
never mind
Never mind, found it
I never got the text with the code
I didn't get your message
I did not get your text
sorry I missed your message
Got your message, thanks
text me when you're here
Text me the address
please text me the code again
Message me when you arrive
send me a message when it is ready
Can you send the message again?
please send again
Send it to my office
call me instead
Call me at 4
Can you call me back?
Please contact me tomorrow
contact me by phone please
you can email me the invoice
Email me the receipt
don't call me before 9
please do not ring the bell, baby sleeping
Don't text me before 9, I'm asleep
Do not send it before Monday
please don't send it to the old address
don't forget my discount
Don't worry
I don't mind
not now
Not today, maybe tomorrow
not yet
not sure
Not at home right now
enough for me, thanks
Is that enough?
Two is enough
one hour is not enough time
I have had enough coffee
go ahead
Go away party is on Friday
I would like to start on Monday
When do you start?
start the dryer please
We start at 8
let's begin at nine
I need help with my order
Can you help me with my login?
thanks for your help
Great help, thank you
The info on your site is wrong
Where can I find more info about the sizes?
the subscription box arrived broken
My subscription renews when?
how much is a subscription?
I want to subscribe to the magazine for my dad
what does the premium subscription include?
I like your newsletter
The newsletter link is broken
update me when it ships
any updates?
Any update on my order?
notify me when it is back
please notify the driver
is this a reminder for today?
Thanks for the reminder
good reminder, thank you
what offers do you have?
Great offer!
Is the offer still valid?
is this spam?
this went to my spam folder
who is it from
Wrong number
I think you have the wrong person
Sorry, wrong number
Is this John?
What?
???
👍
❤️❤️
😂
1
2
4711
Y
N
C
confirm
CONFIRMED
I confirm
Reschedule
Can we reschedule to Friday?
change to 4pm please
Running late, 10 min
on my way
Done
paid
I paid yesterday
Already paid
How much do I owe?
The door code is 4455
Ring twice
third floor
It's fine
perfect
Great service!
Terrible service
I'm very unhappy with the delivery
The food was cold
I want a refund
refund please
I want my money back
I lost my number for the order
I forgot my password
Delete the second item please
can I delete my old card?
delete one of the two appointments
block 4, apartment 12
the road is blocked
unlock my account
Open the gate
turn off the water at noon
turn off at the second exit
Please turn off the lights
disable the alarm at 7
My alarm went off
how do I turn on notifications?
I cannot find the app
The app keeps crashing
Out of stock?
When will it be out?
I'm out
count me out for tonight
count me in
take two off the list of guests
Add me to the list
put me on the waiting list
who is on the guest list?
I revoked the old badge, thanks
he withdrew cash
We are all set
My daughter will pick it up
Same as last time
I'd like the usual
keep texting me please
Keep them coming
keep me posted
Love these texts
these messages are great
your texts are useful
Merci beaucoup
Oui
Non
d'accord
Je serai là à 15h
L'arrêt de bus est où ?
À quel arrêt je descends ?
le bus ne s'arrête pas ici
Pouvez-vous annuler ma commande ?
Annuler mon rendez-vous svp
je voudrais annuler le rendez-vous de demain
la fin de la semaine me convient
C'est la fin du film
Je n'ai pas reçu le code
Je n'ai pas reçu votre message
envoyez-moi un message quand c'est prêt
Appelez-moi demain
Je ne veux plus le bleu, le rouge svp
je n'en veux plus que deux
Plus de pain s'il vous plaît
n'arrêtez pas, j'adore
Je suis abonné depuis un an
Mon abonnement finit quand ?
Laissez le colis chez le voisin
retirez les oignons
Ja
Nein
Danke
Bin gleich da
Bitte stellen Sie es vor die Tür
Ich habe keine Nachricht bekommen
ich habe keine SMS mit dem Code erhalten
Keine Zeit heute
Kein Problem
Bitte Termin absagen
Bitte den Termin morgen stornieren
Ende der Woche passt
am Ende der Straße rechts
Wann ist das Ende?
Ich komme nicht mehr heute
Das Paket ist nicht mehr da
hört nicht auf damit, super
Die Haltestelle ist gesperrt
Schreiben Sie mir bitte wenn es fertig ist
meine Nummer hat sich geändert
Können Sie meine Adresse ändern?
Sí
No gracias
Gracias
Llego en diez minutos
¿Dónde está mi pedido?
Cancelar mi pedido
Quiero cancelar la cita de mañana
La parada del autobús está cerrada
¿En qué parada bajo?
No me llegó el mensaje
no recibí el código
No he recibido el sms
Dejen el paquete con el portero
Mándenme un mensaje cuando lleguen
el piso más alto
La música está muy alto
Sin cebolla por favor
quiten la cebolla
baja en la segunda
Estoy en la planta baja
Grazie mille
Arrivo subito
Annullare l'ordine per favore
vorrei annullare l'appuntamento
La fermata è chiusa
Non ho ricevuto il messaggio
Basta così, due pizze
lasciate il pacco al portiere
Obrigado
Já estou saindo
Vou sair às cinco
Não recebi a mensagem
Cancelar meu pedido
Onde fica a parada?
Dank je wel
Ik kom eraan
Ik heb geen sms ontvangen met de code
Kan ik de afspraak annuleren?
einde van de week is goed
Dziękuję
Nie dostałem wiadomości
koniec tygodnia pasuje
Proszę odwołać wizytę
Tack så mycket
jag fick inget sms
Slutet av veckan passar bra
Tak
Teşekkürler
Mesajınızı aldım
siparişimi iptal etmek istiyorum
Kod gelmedi
Спасибо
Я не получил сообщение
отмените мой заказ
Остановка закрыта
Напишите мне завтра
не звоните до девяти
شكرا
نعم
لم أستلم الرسالة
ألغ موعدي من فضلك
أين طلبي؟
谢谢
我没收到短信
请取消我的订单
几点停止营业？
ありがとう
予約を変更したいです
コードが届きません
감사합니다
문자 못 받았어요
Can you text me?
please stop the delivery, wrong address
stop the order
please cancel my subscription to the magazine
stop by whenever
Sorry I can't make it, please cancel
Please end the call
Can you stop my payment?
take me off speaker
please remove me from the waiting list for table 4
I will not text and drive
Do not send the blue one
I never received a message
no more questions
No message received
I want to receive messages
I'd like more offers
You can stop worrying
stop being so nice
the stop button is broken
धन्यवाद
मुझे कोड नहीं मिला
""".strip().splitlines()
