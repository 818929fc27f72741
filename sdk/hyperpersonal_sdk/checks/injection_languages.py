"""The two gravest meanings of rule `injection` in languages other than English and its neighbours:
to set other instructions aside, and to keep from people what is done.

Each is a verb and its object within one sentence, in the order the language has them. Where a
language needs an object to tell a secret from good manners ("say nothing of other people's
orders"), the object is asked for.
"""

OTHERS_SET_ASIDE = (
    # Chinese
    r"(?:忽略|无视|無視|忽視|忘记|忘記|不要理会).{0,16}(?:指令|指示|规则|規則|提示|命令|要求)",
    r"(?:指示|命令|ルール|規則|プロンプト).{0,12}(?:無視|忘れ|従わな)",  # Japanese
    r"(?:지시|명령|규칙|프롬프트).{0,12}(?:무시|잊)",  # Korean
    r"(?:игнорируй|проигнорируй|забудь|не обращай)\w*.{0,40}(?:инструкц|правил|указан|команд)",
    r"(?:ігноруй|забудь)\w*.{0,40}(?:інструкц|правил|вказів)",  # Ukrainian
    r"(?:تجاهل|انس|تجاوز).{0,30}(?:التعليمات|الأوامر|القواعد|الإرشادات)",  # Arabic
    r"(?:התעלם|תתעלם|שכח).{0,30}(?:הוראות|ההוראות|הנחיות|כללים)",  # Hebrew
    r"(?:निर्देश|नियम)\S*.{0,20}(?:नज़रअंदाज़|अनदेखा|भूल)",  # Hindi
    r"\b(?:ignora|dimentica)\w*\W+(?:\w+\W+){0,4}?(?:istruzioni|regole|indicazioni)",  # Italian
    r"\b(?:ignor[ea]|esqueça|desconsidere)\w*\W+(?:\w+\W+){0,4}?(?:instruções|regras)",
    r"\b(?:negeer|vergeet)\w*\W+(?:\w+\W+){0,4}?(?:instructies|regels|opdrachten)",  # Dutch
    r"\b(?:zignoruj|zapomnij)\w*\W+(?:\w+\W+){0,4}?(?:instrukcj|polece|zasad)\w*",  # Polish
    r"\b(?:talimat|kural|komut)\w*\W+(?:\w+\W+){0,3}?(?:yok say|unut|görmezden)\w*",  # Turkish
    r"\b(?:abaikan|lupakan)\W+(?:\w+\W+){0,4}?(?:instruksi|perintah|aturan)",  # Indonesian
)
OTHERS_CONCEAL = (
    r"(?:不要|别|別|切勿|请勿|不得).{0,6}(?:告诉|告訴|告知|透露).{0,6}(?:任何人|(?:用户|用戶|顾客|客户)(?=\W|$))",
    r"(?:このこと|これ|この指示).{0,20}(?:言わない|知らせない|教えない|伝えない|明かさない)",
    r"(?:이 사실|이것|이를).{0,20}(?:말하지|알리지|밝히지)",
    r"не (?:сообщай|говори|рассказывай|упоминай|раскрывай)\w*.{0,30}(?:об этом|это|про это)",
    r"(?:لا|ولا) (?:تخبر|تقل|تذكر).{0,20}(?:أحد|أحدا|المستخدم|العميل|المتسوق)",
    r"\b(?:sage?|erzähle?|verrate?)\w*\W+(?:\w+\W+){0,2}?(?:niemand\w*|nichts davon)",
    r"\b(?:ne (?:dis|dites|révèle|révélez|parle|parlez))\W+(?:\w+\W+){0,3}?"
    r"(?:à personne|de cela|de ceci)",
    r"\bno (?:digas|diga|cuentes|reveles|menciones)\W+(?:\w+\W+){0,3}?(?:esto|a nadie|eso)",
)

OTHERS_ADDRESS = (
    r"\b(?:nota|aviso|mensaje|message|remarque|hinweis|notiz|nachricht|an alle)\b"
    r"\W+(?:\w+\W+){0,2}?"
    r"(?:asistentes?|revisor(?:es)?|modelos?|agentes?|assistants?|relecteurs?|modèles?|assistenten|"
    r"prüfer|modelle|assistenti|revisori|modelli)\b",
    r"\b(?:responda|responde|contesta|répond\w*|antworte|rispond\w+|respond|reply|answer) "
    r"(?:only |with |con |avec |mit |solo |nur )*[\"'“«]?(?:pass|approved|aprobado|approuvé|"
    r"bestanden)\b",
)
"""Somebody who reads as a machine is spoken to."""
