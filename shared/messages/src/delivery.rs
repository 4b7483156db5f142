//! Sentences for staff about an invitation's delivery: what happened, and what to do about it.

use crate::language::Language;

/// Every pair of delivery and trouble that has a sentence.
pub const DELIVERIES: [(&str, Option<&str>); 15] = [
    ("sent", Some("mailbox_full")),
    ("sent", Some("refused")),
    ("sent", Some("unreachable")),
    ("sent", Some("unclear")),
    ("failed", None),
    ("failed", Some("not_sent")),
    ("failed", Some("refused")),
    ("failed", Some("unreachable")),
    ("failed", Some("unclear")),
    ("bounced", None),
    ("bounced", Some("no_such_address")),
    ("bounced", Some("unclear")),
    ("suppressed", None),
    ("opted_out", None),
    ("complained", None),
];

/// The sentence for a delivery state and the trouble it met, with the names of the API contract. `None` if
/// there is nothing to say.
pub fn delivery_detail(delivery: &str, trouble: Option<&str>, language: Language) -> Option<&'static str> {
    let (english, spanish) = match (delivery, trouble) {
        ("sent", Some("mailbox_full")) => (
            "The mailbox is full: ask the patient to make room, then invite again, or choose another channel.",
            "El buzón está lleno: pida al paciente que libere espacio e invítelo de nuevo, o elija otro medio.",
        ),
        ("sent", Some("refused")) => (
            "The recipient's mail server did not take the message: invite again later, or choose another channel.",
            "El servidor del destinatario no aceptó el mensaje: invite de nuevo más tarde o elija otro medio.",
        ),
        ("sent", Some("unreachable")) => (
            "The recipient's mail server does not answer yet. It is still being tried.",
            "El servidor del destinatario todavía no responde. Se sigue intentando.",
        ),
        ("sent", Some(_)) => (
            "An automatic reply came back, or the message was held up. If the patient has nothing, invite again.",
            "Llegó una respuesta automática o el mensaje se retrasó. Si el paciente no lo tiene, invítelo de nuevo.",
        ),
        ("failed", Some("unreachable")) => (
            "The phone or its network could not be reached: invite again later, or choose another channel.",
            "No se pudo llegar al teléfono o a su red: invite de nuevo más tarde o elija otro medio.",
        ),
        ("failed", Some("refused")) => (
            "The carrier blocked the text: choose another channel.",
            "La compañía telefónica bloqueó el mensaje: elija otro medio.",
        ),
        ("failed", Some("not_sent")) => (
            "The message service refused to send it: choose another channel, and tell the operator.",
            "El servicio de mensajes se negó a enviarlo: elija otro medio y avise al operador.",
        ),
        ("failed", _) => (
            "The message could not be handed over. Check the address and invite again.",
            "El mensaje no se pudo entregar. Revise la dirección e invite de nuevo.",
        ),
        ("bounced", _) => (
            "The message came back: there is no such mailbox or number. Correct it on the chart, or confirm that it is right.",
            "El mensaje fue devuelto: ese buzón o número no existe. Corríjalo en la ficha o confirme que es correcto.",
        ),
        ("suppressed", _) => (
            "It was not sent, because nothing may go to this address now: a message came back or was called spam, or somebody there said that it is not the patient's. Check it with the patient, then correct or confirm it.",
            "No se envió, porque por ahora nada puede ir a esta dirección: un mensaje fue devuelto o marcado como no deseado, o alguien avisó de que no es del paciente. Verifíquela con el paciente y luego corríjala o confírmela.",
        ),
        ("opted_out", _) => (
            "It was not sent, because this number replied STOP. The patient can reply START, or choose another channel.",
            "No se envió, porque este número respondió STOP. El paciente puede responder START, o elija otro medio.",
        ),
        ("complained", _) => (
            "The recipient marked the message as spam. Ask the patient, then confirm the address or use another channel.",
            "El destinatario marcó el mensaje como no deseado. Pregunte al paciente y luego confirme la dirección o use otro medio.",
        ),
        _ => return None,
    };
    Some(match language {
        Language::English => english,
        Language::Spanish => spanish,
    })
}
