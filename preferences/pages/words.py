"""What the pages say, in the languages they speak. Data; `{sender}`, `{address}` and `{what}` are filled in."""

from collections.abc import Mapping

DEFAULT = "en"
RIGHT_TO_LEFT = frozenset({"ar"})

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Unsubscribe",
        "question": "Unsubscribe from “{what}”?",
        "question_all": "Unsubscribe?",
        "detail": "{sender} will no longer send messages of this kind to {address}.",
        "button": "Unsubscribe",
        "done": "You are unsubscribed.",
        "done_detail": "{sender} sends no more messages of this kind to {address}. This holds from now on.",
        "required": "Messages you need, such as about the security of your account, still arrive.",
        "again": "Was that a mistake?",
        "again_button": "Subscribe again",
        "back": "You are subscribed again.",
        "back_detail": "{sender} may send messages of this kind to {address} again.",
        "wrong": "This link does not work.",
        "wrong_detail": "It may have been cut off. Open the link in the message again, or copy all of it.",
    },
    "fr": {
        "title": "Se désabonner",
        "question": "Se désabonner de « {what} » ?",
        "question_all": "Se désabonner ?",
        "detail": "{sender} n’enverra plus de messages de ce type à {address}.",
        "button": "Me désabonner",
        "done": "Vous êtes désabonné.",
        "done_detail": "{sender} n’envoie plus de messages de ce type à {address}. C’est valable dès maintenant.",
        "required": "Les messages indispensables, par exemple sur la sécurité de votre compte, continuent d’arriver.",
        "again": "C’était une erreur ?",
        "again_button": "Me réabonner",
        "back": "Vous êtes réabonné.",
        "back_detail": "{sender} peut de nouveau envoyer des messages de ce type à {address}.",
        "wrong": "Ce lien ne fonctionne pas.",
        "wrong_detail": "Il a peut-être été coupé. Ouvrez de nouveau le lien du message, ou copiez-le en entier.",
    },
    "de": {
        "title": "Abmelden",
        "question": "Von „{what}“ abmelden?",
        "question_all": "Abmelden?",
        "detail": "{sender} schickt dann keine Nachrichten dieser Art mehr an {address}.",
        "button": "Abmelden",
        "done": "Sie sind abgemeldet.",
        "done_detail": "{sender} schickt keine Nachrichten dieser Art mehr an {address}. Das gilt ab sofort.",
        "required": "Notwendige Nachrichten, etwa zur Sicherheit Ihres Kontos, kommen weiterhin an.",
        "again": "War das ein Versehen?",
        "again_button": "Wieder anmelden",
        "back": "Sie sind wieder angemeldet.",
        "back_detail": "{sender} darf wieder Nachrichten dieser Art an {address} schicken.",
        "wrong": "Dieser Link funktioniert nicht.",
        "wrong_detail": "Vielleicht wurde er abgeschnitten. Öffnen Sie den Link in der Nachricht noch einmal "
        "oder kopieren Sie ihn ganz.",
    },
    "ar": {
        "title": "إلغاء الاشتراك",
        "question": "هل تريد إلغاء الاشتراك في «{what}»؟",
        "question_all": "هل تريد إلغاء الاشتراك؟",
        "detail": "لن ترسل {sender} بعد الآن رسائل من هذا النوع إلى {address}.",
        "button": "إلغاء الاشتراك",
        "done": "تم إلغاء اشتراكك.",
        "done_detail": "لم تعد {sender} ترسل رسائل من هذا النوع إلى {address}. يسري هذا من الآن.",
        "required": "ستصلك الرسائل الضرورية، مثل رسائل أمان حسابك.",
        "again": "هل حدث ذلك بالخطأ؟",
        "again_button": "الاشتراك من جديد",
        "back": "تم اشتراكك من جديد.",
        "back_detail": "يمكن أن ترسل {sender} رسائل من هذا النوع إلى {address} من جديد.",
        "wrong": "هذا الرابط لا يعمل.",
        "wrong_detail": "ربما نُسخ ناقصًا. افتح الرابط الموجود في الرسالة من جديد أو انسخه كاملًا.",
    },
}
