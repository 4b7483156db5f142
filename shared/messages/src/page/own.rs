//! The words of the pages on which a person who is signed in changes what is theirs.

#![expect(missing_docs, reason = "a field is named for its place on the page and holds its own sentence")]

use super::fill;

/// A new password for somebody who is signed in, by their own wish or instead of a temporary one.
#[derive(Debug)]
pub struct ChangePasswordPage {
    pub title: &'static str,
    pub intro: &'static str,
    pub temporary_title: &'static str,
    pub temporary_intro: &'static str,
    pub unchanged: &'static str,
    pub done: &'static str,
}

/// A new user name.
#[derive(Debug)]
pub struct ChangeUsernamePage {
    pub title: &'static str,
    pub intro: &'static str,
    pub username: &'static str,
    pub unchanged: &'static str,
    pub submit: &'static str,
    done: &'static str,
}

impl ChangeUsernamePage {
    /// What to sign in with from now on.
    pub fn done(&self, username: &str) -> String {
        fill(self.done, "username", username)
    }
}

/// A new e-mail address for an account whose address the office does not keep.
#[derive(Debug)]
pub struct ChangeEmailPage {
    pub title: &'static str,
    now: &'static str,
    pub intro: &'static str,
    pub office_keeps: &'static str,
    pub email: &'static str,
    pub email_missing: &'static str,
    pub unchanged: &'static str,
    pub submit: &'static str,
    code_sent: &'static str,
    pub code_submit: &'static str,
    pub done: &'static str,
}

impl ChangeEmailPage {
    /// The address that the account has.
    pub fn now(&self, email: &str) -> String {
        fill(self.now, "email", email)
    }

    /// Where to look for the code.
    pub fn code_sent(&self, email: &str) -> String {
        fill(self.code_sent, "email", email)
    }
}

/// Where the account is signed in.
#[derive(Debug)]
pub struct SessionsPage {
    pub title: &'static str,
    pub intro: &'static str,
    began: &'static str,
    last_used: &'static str,
    pub this_one: &'static str,
    pub end: &'static str,
    end_named: &'static str,
    pub ended: &'static str,
    pub end_others: &'static str,
    pub others_ended: &'static str,
    pub only_this: &'static str,
}

impl SessionsPage {
    /// When the session began, as `local_time` tells it.
    pub fn began(&self, time: &str) -> String {
        fill(self.began, "time", time)
    }

    /// When the session was last used, as `local_time` tells it.
    pub fn last_used(&self, time: &str) -> String {
        fill(self.last_used, "time", time)
    }

    /// The button's whole name for those who can't see its place; `time` is when the session began.
    pub fn end_named(&self, time: &str) -> String {
        fill(self.end_named, "time", time)
    }
}

/// Those who may use the portal for the patient: a list, one more, and the end of an access.
#[derive(Debug)]
pub struct RepresentativesPage {
    pub title: &'static str,
    pub intro: &'static str,
    pub nobody: &'static str,
    pub invited: &'static str,
    pub sees_everything: &'static str,
    pub sees_part: &'static str,
    pub show_everything: &'static str,
    show_everything_named: &'static str,
    pub show_part: &'static str,
    show_part_named: &'static str,
    pub shown: &'static str,
    pub add_heading: &'static str,
    pub add_intro: &'static str,
    pub given_name: &'static str,
    pub given_name_missing: &'static str,
    pub family_name: &'static str,
    pub family_name_missing: &'static str,
    pub relationship: &'static str,
    pub relationship_missing: &'static str,
    pub email: &'static str,
    pub email_missing: &'static str,
    pub mobile_phone: &'static str,
    pub level_legend: &'static str,
    pub level_everything: &'static str,
    pub level_part: &'static str,
    pub level_missing: &'static str,
    pub submit: &'static str,
    pub added: &'static str,
    pub end: &'static str,
    end_named: &'static str,
    pub end_title: &'static str,
    end_intro: &'static str,
    pub end_submit: &'static str,
    pub end_back: &'static str,
    pub ended: &'static str,
}

impl RepresentativesPage {
    /// The button's whole name for those who can't see its place.
    pub fn show_everything_named(&self, name: &str) -> String {
        fill(self.show_everything_named, "name", name)
    }

    /// The button's whole name for those who can't see its place.
    pub fn show_part_named(&self, name: &str) -> String {
        fill(self.show_part_named, "name", name)
    }

    /// The button's whole name for those who can't see its place.
    pub fn end_named(&self, name: &str) -> String {
        fill(self.end_named, "name", name)
    }

    /// Whose access ends, and what that means.
    pub fn end_intro(&self, name: &str) -> String {
        fill(self.end_intro, "name", name)
    }
}

/// The contact details that the office has, and changes that are proposed to it.
#[derive(Debug)]
pub struct DetailsPage {
    pub title: &'static str,
    pub intro: &'static str,
    pub address_line: &'static str,
    pub address_line_hint: &'static str,
    pub address_line_missing: &'static str,
    pub city: &'static str,
    pub city_missing: &'static str,
    pub state: &'static str,
    pub state_hint: &'static str,
    pub state_missing: &'static str,
    pub state_invalid: &'static str,
    pub postal_code: &'static str,
    pub postal_code_missing: &'static str,
    pub postal_code_invalid: &'static str,
    pub home_phone: &'static str,
    pub home_phone_missing: &'static str,
    pub mobile_phone: &'static str,
    pub mobile_phone_missing: &'static str,
    pub phone_hint: &'static str,
    pub phone_invalid: &'static str,
    pub email: &'static str,
    pub email_missing: &'static str,
    pub unchanged: &'static str,
    pub submit: &'static str,
    pub done: &'static str,
    pending: &'static str,
}

impl DetailsPage {
    /// When changes were sent, as `local_time` tells it, that nobody has looked at.
    pub fn pending(&self, time: &str) -> String {
        fill(self.pending, "time", time)
    }
}

pub(super) const CHANGE_PASSWORD_EN: ChangePasswordPage = ChangePasswordPage {
    title: "Change your password",
    intro: "When you save the new password, all other devices are signed out.",
    temporary_title: "Choose your own password",
    temporary_intro: "The password from the office was only for the first time. Choose one that nobody else knows.",
    unchanged: "This is the password that you have now. Choose another one.",
    done: "Your new password is saved. All other devices were signed out.",
};

pub(super) const CHANGE_USERNAME_EN: ChangeUsernamePage = ChangeUsernamePage {
    title: "Change your user name",
    intro: "Your password stays the same.",
    username: "New user name",
    unchanged: "This is the user name that you have now. Choose another one.",
    submit: "Save the new user name",
    done: "Your user name is now {username}. Use it when you sign in.",
};

pub(super) const CHANGE_EMAIL_EN: ChangeEmailPage = ChangeEmailPage {
    title: "Change your e-mail address",
    now: "Your e-mail address is now {email}.",
    intro: "We send a code to the new address. When you enter the code here, the new address is saved.",
    office_keeps: "Your e-mail address is the one that the office has. To change it, go to “My details”: the office looks at each change.",
    email: "New e-mail address",
    email_missing: "Enter the new e-mail address.",
    unchanged: "This is the e-mail address that you have now.",
    submit: "Send a code to the new address",
    code_sent: "We sent a code to {email}. It works for ten minutes.",
    code_submit: "Save the new address",
    done: "Your new e-mail address is saved. Messages about your account now go there.",
};

pub(super) const SESSIONS_EN: SessionsPage = SessionsPage {
    title: "Where you are signed in",
    intro: "If you do not know one of these, sign out there and change your password.",
    began: "Signed in on {time}",
    last_used: "Last used on {time}",
    this_one: "You are here now",
    end: "Sign out there",
    end_named: "Sign out there, where you signed in on {time}",
    ended: "You are signed out there.",
    end_others: "Sign out everywhere else",
    others_ended: "You are signed out everywhere else.",
    only_this: "You are not signed in anywhere else.",
};

pub(super) const REPRESENTATIVES_EN: RepresentativesPage = RepresentativesPage {
    title: "People who help me",
    intro: "They can use the portal for you. Each has a user name and a password of their own.",
    nobody: "Nobody at the moment",
    invited: "Invited, not registered yet",
    sees_everything: "Sees everything",
    sees_part: "Sees appointments and messages only",
    show_everything: "Show everything",
    show_everything_named: "Show {name} everything",
    show_part: "Show appointments and messages only",
    show_part_named: "Show {name} appointments and messages only",
    shown: "What this person sees is changed.",
    add_heading: "Add someone",
    add_intro: "We send them a link. With it they choose a user name and a password of their own.",
    given_name: "Their first name",
    given_name_missing: "Enter their first name.",
    family_name: "Their last name",
    family_name_missing: "Enter their last name.",
    relationship: "Who are they to you?",
    relationship_missing: "Choose who they are to you.",
    email: "Their e-mail",
    email_missing: "Enter their e-mail address.",
    mobile_phone: "Their mobile phone",
    level_legend: "What may they see?",
    level_everything: "Everything",
    level_part: "Appointments and messages only",
    level_missing: "Choose what they may see.",
    submit: "Send the link",
    added: "We have sent the link. You can end the access here at any time.",
    end: "End access",
    end_named: "End the access of {name}",
    end_title: "Do you want to end this access?",
    end_intro: "{name} will no longer be able to use the portal for you. We tell them that the access has ended.",
    end_submit: "Yes, end the access",
    end_back: "No, go back",
    ended: "The access has ended.",
};

pub(super) const DETAILS_EN: DetailsPage = DetailsPage {
    title: "My details",
    intro: "These are the contact details that the office has. Change what is not right. The office looks at each change before it counts.",
    address_line: "Street address",
    address_line_hint: "With the apartment, if there is one, e.g. 12 Main Street, Apt. 3",
    address_line_missing: "Enter the street address.",
    city: "City",
    city_missing: "Enter the city.",
    state: "State",
    state_hint: "Two letters, e.g. NY",
    state_missing: "Enter the state.",
    state_invalid: "Enter the two letters of the state, e.g. NY.",
    postal_code: "ZIP code",
    postal_code_missing: "Enter the ZIP code.",
    postal_code_invalid: "Enter the five digits of the ZIP code, e.g. 20001.",
    home_phone: "Home phone",
    home_phone_missing: "Enter your home phone.",
    mobile_phone: "Mobile phone",
    mobile_phone_missing: "Enter your mobile phone.",
    phone_hint: "Ten digits, e.g. (202) 555-0123",
    phone_invalid: "Enter a phone number with ten digits, e.g. (202) 555-0123.",
    email: "E-mail",
    email_missing: "Enter your e-mail address.",
    unchanged: "You have not changed anything.",
    submit: "Send the changes to the office",
    done: "Thank you. The office will look at your changes and then write to you.",
    pending: "You sent changes on {time}. The office has not looked at them yet.",
};

pub(super) const CHANGE_PASSWORD_ES: ChangePasswordPage = ChangePasswordPage {
    title: "Cambie su contraseña",
    intro: "Cuando guarde la contraseña nueva, se cierra su sesión en todos los demás dispositivos.",
    temporary_title: "Elija su propia contraseña",
    temporary_intro: "La contraseña del consultorio era solo para la primera vez. Elija una que nadie más conozca.",
    unchanged: "Esta es la contraseña que ya tiene. Elija otra.",
    done: "Su contraseña nueva quedó guardada. Se cerró su sesión en todos los demás dispositivos.",
};

pub(super) const CHANGE_USERNAME_ES: ChangeUsernamePage = ChangeUsernamePage {
    title: "Cambie su nombre de usuario",
    intro: "Su contraseña sigue siendo la misma.",
    username: "Nuevo nombre de usuario",
    unchanged: "Este es el nombre de usuario que ya tiene. Elija otro.",
    submit: "Guardar el nuevo nombre de usuario",
    done: "Su nombre de usuario ahora es {username}. Úselo para iniciar sesión.",
};

pub(super) const CHANGE_EMAIL_ES: ChangeEmailPage = ChangeEmailPage {
    title: "Cambie su correo electrónico",
    now: "Su correo electrónico ahora es {email}.",
    intro: "Enviamos un código a la dirección nueva. Cuando lo escriba aquí, la dirección nueva queda guardada.",
    office_keeps: "Su correo electrónico es el que tiene el consultorio. Para cambiarlo, vaya a «Mis datos»: el consultorio revisa cada cambio.",
    email: "Nuevo correo electrónico",
    email_missing: "Escriba el nuevo correo electrónico.",
    unchanged: "Este es el correo electrónico que ya tiene.",
    submit: "Enviar un código a la dirección nueva",
    code_sent: "Enviamos un código a {email}. Sirve durante diez minutos.",
    code_submit: "Guardar la dirección nueva",
    done: "Su nuevo correo electrónico quedó guardado. Los mensajes sobre su cuenta llegan ahora ahí.",
};

pub(super) const SESSIONS_ES: SessionsPage = SessionsPage {
    title: "Dónde tiene la sesión abierta",
    intro: "Si no reconoce alguna, ciérrela y cambie su contraseña.",
    began: "Sesión iniciada el {time}",
    last_used: "Usada por última vez el {time}",
    this_one: "Usted está aquí ahora",
    end: "Cerrar esta sesión",
    end_named: "Cerrar la sesión que inició el {time}",
    ended: "Esa sesión quedó cerrada.",
    end_others: "Cerrar todas las demás sesiones",
    others_ended: "Todas las demás sesiones quedaron cerradas.",
    only_this: "No tiene ninguna otra sesión abierta.",
};

pub(super) const REPRESENTATIVES_ES: RepresentativesPage = RepresentativesPage {
    title: "Personas que me ayudan",
    intro: "Pueden usar el portal por usted. Cada persona tiene su propio nombre de usuario y contraseña.",
    nobody: "Nadie por ahora",
    invited: "Invitación enviada, aún sin registro",
    sees_everything: "Ve todo",
    sees_part: "Ve solamente las citas y los mensajes",
    show_everything: "Mostrar todo",
    show_everything_named: "Mostrar todo a {name}",
    show_part: "Mostrar solamente las citas y los mensajes",
    show_part_named: "Mostrar a {name} solamente las citas y los mensajes",
    shown: "Quedó cambiado lo que ve esta persona.",
    add_heading: "Agregar a alguien",
    add_intro: "Enviamos un enlace a esa persona. Con él, elige su propio nombre de usuario y contraseña.",
    given_name: "Nombre de esa persona",
    given_name_missing: "Escriba el nombre de esa persona.",
    family_name: "Apellido de esa persona",
    family_name_missing: "Escriba el apellido de esa persona.",
    relationship: "¿Qué relación tiene esa persona con usted?",
    relationship_missing: "Elija qué relación tiene esa persona con usted.",
    email: "Correo electrónico de esa persona",
    email_missing: "Escriba el correo electrónico de esa persona.",
    mobile_phone: "Teléfono celular de esa persona",
    level_legend: "¿Qué puede ver esa persona?",
    level_everything: "Todo",
    level_part: "Solamente las citas y los mensajes",
    level_missing: "Elija qué puede ver esa persona.",
    submit: "Enviar el enlace",
    added: "Hemos enviado el enlace. Puede terminar el acceso aquí en cualquier momento.",
    end: "Terminar el acceso",
    end_named: "Terminar el acceso de {name}",
    end_title: "¿Quiere terminar este acceso?",
    end_intro: "{name} ya no podrá usar el portal por usted. A esa persona le avisamos de que su acceso terminó.",
    end_submit: "Sí, terminar el acceso",
    end_back: "No, volver atrás",
    ended: "El acceso terminó.",
};

pub(super) const DETAILS_ES: DetailsPage = DetailsPage {
    title: "Mis datos",
    intro: "Estos son los datos de contacto que tiene el consultorio. Cambie lo que no sea correcto. El consultorio revisa cada cambio antes de aceptarlo.",
    address_line: "Calle y número",
    address_line_hint: "Con el apartamento, si lo hay, por ejemplo 12 Main Street, Apt. 3",
    address_line_missing: "Escriba la calle y el número.",
    city: "Ciudad",
    city_missing: "Escriba la ciudad.",
    state: "Estado",
    state_hint: "Dos letras, por ejemplo NY",
    state_missing: "Escriba el estado.",
    state_invalid: "Escriba las dos letras del estado, por ejemplo NY.",
    postal_code: "Código postal",
    postal_code_missing: "Escriba el código postal.",
    postal_code_invalid: "Escriba los cinco números del código postal, por ejemplo 20001.",
    home_phone: "Teléfono de casa",
    home_phone_missing: "Escriba su teléfono de casa.",
    mobile_phone: "Teléfono celular",
    mobile_phone_missing: "Escriba su teléfono celular.",
    phone_hint: "Diez números, por ejemplo (202) 555-0123",
    phone_invalid: "Escriba un número de teléfono de diez números, por ejemplo (202) 555-0123.",
    email: "Correo electrónico",
    email_missing: "Escriba su correo electrónico.",
    unchanged: "No cambió ningún dato.",
    submit: "Enviar los cambios al consultorio",
    done: "Gracias. El consultorio revisará sus cambios y después le escribirá.",
    pending: "Envió cambios el {time}. El consultorio aún no los ha revisado.",
};
