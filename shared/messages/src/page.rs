//! The words of the hosted pages.
//!
//! A page's words are the fields of one struct, and each language is one constant of it: a missing
//! translation does not compile. Words around a value are methods; pages escape what they return.

#![expect(missing_docs, reason = "a field is named for its place on the page and holds its own sentence")]

mod own;
mod way_in;

pub use own::{
    ChangeEmailPage, ChangePasswordPage, ChangeUsernamePage, DetailsPage, RepresentativesPage, SessionsPage,
};
pub use way_in::{AskPages, NotMePage, ResetPage};

/// All words of the hosted pages in one language.
#[derive(Debug)]
pub struct PageText {
    /// What every page has.
    pub shared: Shared,
    /// The page behind a link: who is it, and do they know what the office knows?
    pub link: LinkPage,
    /// When the facts do not match: one sentence, whichever it was.
    pub verification: Verification,
    /// Choosing how to get a code, and entering it.
    pub code: CodePage,
    /// Choosing a user name and a password; a representative also says who they are.
    pub register: RegisterPage,
    /// The new password at the end of a link that gives access back.
    pub new_password: NewPasswordPage,
    /// The page that a person sees when signed in.
    pub account: AccountPage,
    /// The sign-in page.
    pub sign_in: SignInPage,
    /// One page for every link that does not work, whatever the cause; it names no practice.
    pub dead_link: DeadLinkPage,
    /// Other pages that go no further; each says what to do next.
    pub dead_end: DeadEnds,
    /// Asking for an account, a new password or a user name, without a link.
    pub ask: AskPages,
    /// When a message reached somebody whom it is not for.
    pub not_me: NotMePage,
    /// The page behind a link for a new password.
    pub reset: ResetPage,
    /// A new password, for somebody who is signed in.
    pub change_password: ChangePasswordPage,
    /// A new user name.
    pub change_username: ChangeUsernamePage,
    /// A new e-mail address for the account.
    pub change_email: ChangeEmailPage,
    /// Where the account is signed in.
    pub sessions: SessionsPage,
    /// Those who may use the portal for the patient.
    pub representatives: RepresentativesPage,
    /// The contact details that the office has, and changes to them.
    pub details: DetailsPage,
}

/// What every page has.
#[derive(Debug)]
pub struct Shared {
    pub skip_link: &'static str,
    pub language_legend: &'static str,
    pub other_language: &'static str,
    pub call_office: &'static str,
    call: &'static str,
    footer: &'static str,
    pub error_heading: &'static str,
    pub error_title_prefix: &'static str,
    pub continue_button: &'static str,
    pub back: &'static str,
    pub required_hint: &'static str,
    pub optional: &'static str,
    pub missing_field: &'static str,
}

impl Shared {
    /// Whom to call: the words before the office's phone, and those after it.
    pub fn call(&self) -> (&'static str, &'static str) {
        self.call.split_once("{phone}").unwrap_or((self.call, ""))
    }

    /// The last line of every page of a practice.
    pub fn footer(&self, practice: &str) -> String {
        fill(self.footer, "practice", practice)
    }
}

/// The page behind a link: who is it, and do they know what the office knows?
#[derive(Debug)]
pub struct LinkPage {
    pub title: &'static str,
    pub title_restored: &'static str,
    pub title_representative: &'static str,
    pub intro: &'static str,
    pub intro_restored: &'static str,
    pub need_heading: &'static str,
    pub need_facts: &'static str,
    pub need_phone: &'static str,
    valid_until: &'static str,
    pub who_legend: &'static str,
    pub who_patient: &'static str,
    pub who_representative: &'static str,
    pub who_missing: &'static str,
    pub facts_legend: &'static str,
    pub facts_hint: &'static str,
    pub family_name: &'static str,
    pub family_name_hint: &'static str,
    pub family_name_missing: &'static str,
    pub birth_date: &'static str,
    pub birth_date_hint: &'static str,
    pub birth_date_formats: &'static str,
    pub birth_date_missing: &'static str,
    pub birth_date_invalid: &'static str,
    pub postal_code: &'static str,
    pub postal_code_hint: &'static str,
    pub postal_code_missing: &'static str,
    pub email: &'static str,
    pub email_hint: &'static str,
    pub email_missing: &'static str,
    pub access_code: &'static str,
    pub access_code_hint: &'static str,
    pub access_code_invalid: &'static str,
    pub submit: &'static str,
}

impl LinkPage {
    /// Until when the link works, as `local_time` tells it.
    pub fn valid_until(&self, time: &str) -> String {
        fill(self.valid_until, "time", time)
    }
}

/// When the facts do not match: one sentence, whichever it was.
#[derive(Debug)]
pub struct Verification {
    pub failed: &'static str,
}

/// Choosing how to get a code, and entering it.
#[derive(Debug)]
pub struct CodePage {
    pub title: &'static str,
    pub intro: &'static str,
    pub channel_legend: &'static str,
    pub by_email: &'static str,
    pub by_text: &'static str,
    pub by_voice: &'static str,
    pub channel_missing: &'static str,
    pub send: &'static str,
    pub enter_title: &'static str,
    pub sent_by_email: &'static str,
    pub sent_by_text: &'static str,
    pub sent_by_voice: &'static str,
    pub keep_secret: &'static str,
    pub label: &'static str,
    pub missing: &'static str,
    pub submit: &'static str,
    pub rejected: &'static str,
    pub resend_heading: &'static str,
    pub resend_hint_email: &'static str,
    pub resend_hint_phone: &'static str,
    pub resend: &'static str,
    resend_wait: &'static str,
    pub no_channel: &'static str,
}

impl CodePage {
    /// When the next code may be asked for; `wait` is what `Language::wait` makes of the seconds.
    pub fn resend_wait(&self, wait: &str) -> String {
        fill(self.resend_wait, "wait", wait)
    }
}

/// Choosing a user name and a password; a representative also says who they are.
#[derive(Debug)]
pub struct RegisterPage {
    /// Where the office must decide first.
    pub held_title: &'static str,
    pub held: &'static str,
    pub title: &'static str,
    pub title_representative: &'static str,
    pub username: &'static str,
    pub username_hint: &'static str,
    pub username_missing: &'static str,
    pub username_taken_plain: &'static str,
    username_taken: &'static str,
    pub username_rejected: &'static str,
    pub password: &'static str,
    password_hint: &'static str,
    pub password_missing: &'static str,
    password_too_short: &'static str,
    pub password_too_long: &'static str,
    pub password_common: &'static str,
    pub password_contextual: &'static str,
    pub representative_legend: &'static str,
    pub representative_hint: &'static str,
    pub relationship: &'static str,
    pub relationship_choose: &'static str,
    pub relationship_missing: &'static str,
    pub parent: &'static str,
    pub guardian: &'static str,
    pub spouse: &'static str,
    pub other: &'static str,
    pub given_name: &'static str,
    pub given_name_missing: &'static str,
    pub family_name: &'static str,
    pub family_name_missing: &'static str,
    pub email: &'static str,
    pub email_missing: &'static str,
    pub email_invalid: &'static str,
    pub mobile_phone: &'static str,
    pub mobile_phone_hint: &'static str,
    pub mobile_phone_invalid: &'static str,
    pub terms_heading: &'static str,
    /// Whoever changes a word of these changes `TERMS_VERSION` in the domain too.
    pub terms: [&'static str; 8],
    pub accept_terms: &'static str,
    pub accept_terms_missing: &'static str,
    pub submit: &'static str,
    pub have_account_heading: &'static str,
    pub have_account: &'static str,
    pub have_account_submit: &'static str,
    pub have_account_failed: &'static str,
    pub have_account_own: &'static str,
    pub question_legend: &'static str,
    pub question_intro: &'static str,
    pub question: &'static str,
    pub question_hint: &'static str,
    pub question_missing: &'static str,
    pub answer: &'static str,
    pub answer_hint: &'static str,
    pub answer_missing: &'static str,
    answer_too_short: &'static str,
    pub answer_is_username: &'static str,
}

impl RegisterPage {
    /// The user name belongs to somebody else; `suggestions` are free, and may be none.
    pub fn username_taken(&self, suggestions: &[String]) -> String {
        if suggestions.is_empty() {
            return self.username_taken_plain.to_owned();
        }
        fill(self.username_taken, "list", &suggestions.join(", "))
    }

    /// What a password needs; `n` is the practice's shortest.
    pub fn password_hint(&self, n: usize) -> String {
        fill(self.password_hint, "n", &n.to_string())
    }

    /// A password of fewer than `n` characters.
    pub fn password_too_short(&self, n: usize) -> String {
        fill(self.password_too_short, "n", &n.to_string())
    }

    /// An answer of fewer than `n` characters.
    pub fn answer_too_short(&self, n: usize) -> String {
        fill(self.answer_too_short, "n", &n.to_string())
    }
}

/// The new password at the end of a link that gives access back.
#[derive(Debug)]
pub struct NewPasswordPage {
    pub title: &'static str,
    pub intro: &'static str,
    your_username: &'static str,
    pub password: &'static str,
    password_hint: &'static str,
    pub submit: &'static str,
    pub done: &'static str,
}

impl NewPasswordPage {
    /// Which user name the password is for.
    pub fn your_username(&self, username: &str) -> String {
        fill(self.your_username, "username", username)
    }

    /// What a password needs; `n` is the practice's shortest.
    pub fn password_hint(&self, n: usize) -> String {
        fill(self.password_hint, "n", &n.to_string())
    }
}

/// The page that a person sees when signed in.
#[derive(Debug)]
pub struct AccountPage {
    pub title: &'static str,
    pub welcome: &'static str,
    signed_in_as: &'static str,
    pub records_heading: &'static str,
    pub yourself: &'static str,
    pub as_parent: &'static str,
    pub as_guardian: &'static str,
    pub as_spouse: &'static str,
    pub as_other: &'static str,
    pub no_records: &'static str,
    last_sign_in: &'static str,
    pub first_sign_in: &'static str,
    pub open_portal: &'static str,
    pub sign_out: &'static str,
    pub settings_heading: &'static str,
    pub current_password: &'static str,
    pub current_password_hint: &'static str,
    pub current_password_missing: &'static str,
    pub wrong_password: &'static str,
    pub back_to_account: &'static str,
}

impl AccountPage {
    /// Who is signed in.
    pub fn signed_in_as(&self, username: &str) -> String {
        fill(self.signed_in_as, "username", username)
    }

    /// When the account signed in, as `local_time` tells it.
    pub fn last_sign_in(&self, time: &str) -> String {
        fill(self.last_sign_in, "time", time)
    }
}

/// The sign-in page.
#[derive(Debug)]
pub struct SignInPage {
    pub title: &'static str,
    pub username: &'static str,
    pub username_missing: &'static str,
    pub password: &'static str,
    pub password_missing: &'static str,
    pub submit: &'static str,
    pub failed: &'static str,
    pub revoked: &'static str,
    pub session_ended: &'static str,
    pub signed_out: &'static str,
    pub no_account_heading: &'static str,
    pub no_account: &'static str,
    pub forgot_password: &'static str,
    pub forgot_username: &'static str,
    pub sign_up: &'static str,
}

/// One page for every link that does not work, whatever the cause; it names no practice.
#[derive(Debug)]
pub struct DeadLinkPage {
    pub title: &'static str,
    pub explanation: &'static str,
    pub next_heading: &'static str,
    pub ask_office: &'static str,
    pub registered_already: &'static str,
    pub renew_heading: &'static str,
    pub renew: &'static str,
    pub renew_button: &'static str,
    pub reset: &'static str,
}

/// Other pages that go no further; each says what to do next.
#[derive(Debug)]
pub struct DeadEnds {
    pub too_many_title: &'static str,
    too_many: &'static str,
    pub representative_title: &'static str,
    pub representative_required: &'static str,
    pub wrong_title: &'static str,
    wrong: &'static str,
    pub again: &'static str,
    pub not_found_title: &'static str,
    pub not_found: &'static str,
    pub foreign_form_title: &'static str,
    pub foreign_form: &'static str,
    pub too_large_title: &'static str,
    pub too_large: &'static str,
    pub wrong_format_title: &'static str,
    pub wrong_format: &'static str,
}

impl DeadEnds {
    /// How long to wait; `wait` is what `Language::wait` makes of the seconds.
    pub fn too_many(&self, wait: &str) -> String {
        fill(self.too_many, "wait", wait)
    }

    /// Our fault; the id lets the office and us find it.
    pub fn wrong(&self, request_id: &str) -> String {
        fill(self.wrong, "request_id", request_id)
    }
}

/// `words` with `value` in the place that `{name}` marks.
fn fill(words: &str, name: &str, value: &str) -> String {
    words.replace(&format!("{{{name}}}"), value)
}

/// English.
pub(crate) const EN: PageText = PageText {
    shared: Shared {
        skip_link: "Skip to the main content",
        language_legend: "Language",
        other_language: "Español",
        call_office: "Call your doctor's office.",
        call: "Need help? Call your doctor's office at {phone}.",
        footer: "Patient portal of {practice}",
        error_heading: "There is a problem",
        error_title_prefix: "Error: ",
        continue_button: "Continue",
        back: "Back",
        required_hint: "Fill in every field that is not marked optional.",
        optional: "optional",
        missing_field: "Fill in this field.",
    },
    link: LinkPage {
        title: "Set up your portal access",
        title_restored: "Get your access back",
        title_representative: "Set up access for someone you care for",
        intro: "It takes about two minutes. First we check that it is you.",
        intro_restored: "It takes about two minutes. First we check that it is you. Then you choose a new password.",
        need_heading: "What you'll need",
        need_facts: "The patient's last name and date of birth",
        need_phone: "Your phone or your e-mail, to get a code",
        valid_until: "This link works until {time}.",
        who_legend: "Who are you?",
        who_patient: "I am the patient",
        who_representative: "I am registering for someone I care for (parent, guardian, spouse…)",
        who_missing: "Choose who you are.",
        facts_legend: "About the patient",
        facts_hint: "If you are registering for someone else, enter what is true of the patient, not of you.",
        family_name: "Last name",
        family_name_hint: "As the office has it. Capitals and accents do not matter.",
        family_name_missing: "Enter the last name.",
        birth_date: "Date of birth",
        birth_date_hint: "month/day/year, e.g. 04/27/1945",
        birth_date_formats: "You can also write 1945-04-27 or 19450427.",
        birth_date_missing: "Enter the date of birth.",
        birth_date_invalid: "Enter the date of birth as month/day/year, e.g. 04/27/1945.",
        postal_code: "ZIP code",
        postal_code_hint: "The five digits of your home address",
        postal_code_missing: "Enter the ZIP code.",
        email: "E-mail",
        email_hint: "The address that the office has",
        email_missing: "Enter the e-mail address.",
        access_code: "Code from the office, if they gave you one",
        access_code_hint: "8 digits. If you have no code, leave this empty.",
        access_code_invalid: "The code from the office has 8 digits. Check it, or leave the field empty.",
        submit: "Continue",
    },
    verification: Verification {
        failed: "What you entered doesn't match what the office has. Check it and try again, or call the office.",
    },
    code: CodePage {
        title: "Get a code",
        intro: "To keep you safe, we send a code to the phone or e-mail that the office has.",
        channel_legend: "How do you want to get the code?",
        by_email: "By e-mail",
        by_text: "By text message",
        by_voice: "By phone call",
        channel_missing: "Choose how you want to get the code.",
        send: "Send me a code",
        enter_title: "Enter the code",
        sent_by_email: "We sent a code to the e-mail address that the office has. It works for ten minutes.",
        sent_by_text: "We sent a text message with a code to the phone that the office has. It works for ten minutes.",
        sent_by_voice: "We call the phone that the office has and say a code. It works for ten minutes.",
        keep_secret: "Never tell the code to anyone who calls you.",
        label: "Code",
        missing: "Enter the code.",
        submit: "Continue",
        rejected: "This code is not right, or it is too old. Check it, or get a new one.",
        resend_heading: "No code yet?",
        resend_hint_email: "It can take a minute. Look in your spam folder, too. A new code ends the older one.",
        resend_hint_phone: "It can take a minute. A new code ends the older one.",
        resend: "Send me a new code",
        resend_wait: "You can get a new code in {wait}.",
        no_channel: "We have no phone or e-mail to send a code to. Call your doctor's office: they can give you a code.",
    },
    register: RegisterPage {
        title: "Choose your user name and password",
        title_representative: "Register for someone you care for",
        username: "User name",
        username_hint: "You may use your e-mail address.",
        held_title: "Thank you. The office will check this",
        held: "The office needs to check your registration first. You can sign in with the user name and password that you just chose as soon as they have. If it takes more than a day or two, call them.",
        username_missing: "Enter a user name.",
        username_taken_plain: "Somebody already has this user name. Choose another one.",
        username_taken: "Somebody already has this user name. You could use: {list}.",
        username_rejected: "Use 3 to 100 letters, digits or the signs . _ - @. A name with @ must be your own e-mail address.",
        password: "Password",
        password_hint: "At least {n} characters. Use a few words you can remember; spaces are allowed.",
        password_missing: "Enter a password.",
        password_too_short: "This password is too short. Use at least {n} characters.",
        password_too_long: "This password is too long. Use fewer words.",
        password_common: "Many people use this password, so it is easy to guess. Choose a few words that don't belong together.",
        password_contextual: "This password holds something about you or the office, so it is easy to guess. Leave out names, dates and addresses.",
        representative_legend: "About you",
        representative_hint: "Enter what is true of you, not of the patient.",
        relationship: "Your relationship to the patient",
        relationship_choose: "Choose one",
        relationship_missing: "Choose your relationship to the patient.",
        parent: "Parent",
        guardian: "Guardian",
        spouse: "Spouse",
        other: "Other",
        given_name: "Your first name",
        given_name_missing: "Enter your first name.",
        family_name: "Your last name",
        family_name_missing: "Enter your last name.",
        email: "Your e-mail",
        email_missing: "Enter your e-mail address.",
        email_invalid: "Enter an e-mail address such as name@example.com.",
        mobile_phone: "Your mobile phone",
        mobile_phone_hint: "Ten digits, e.g. (202) 555-0123",
        mobile_phone_invalid: "Enter a phone number with ten digits, e.g. (202) 555-0123.",
        terms_heading: "Terms of use",
        terms: [
            "The patient portal is a service of your doctor's office.",
            "The portal is not for emergencies: in an emergency, call 911.",
            "Give only true facts, and register only for yourself or for someone whose care you are allowed to look after.",
            "Your user name and password are for you alone: do not share them with anyone.",
            "If you think that someone else knows your password, tell the office right away.",
            "The office may write to you about your access by e-mail or text message; reply STOP to end the texts.",
            "To protect you, the portal keeps a record of each sign-in and each change.",
            "You may ask the office to end your access at any time, and the office may end it too.",
        ],
        accept_terms: "I accept the terms of use",
        accept_terms_missing: "To go on, accept the terms of use.",
        submit: "Register",
        have_account_heading: "I already have a user name at this practice",
        have_account: "Sign in with it and add this patient to your account. You need no second user name.",
        have_account_submit: "Sign in and add this patient",
        have_account_failed: "The user name or password is not right. The patient was not added.",
        have_account_own: "This user name already belongs to another patient. Choose a new user name and password here.",
        question_legend: "Security question",
        question_intro: "If you forget your password, the answer can show that it is you. You may leave both fields empty.",
        question: "Your question",
        question_hint: "About something that nobody else knows, e.g. What was the name of my first teacher?",
        question_missing: "Enter a question, or leave the answer empty too.",
        answer: "Your answer",
        answer_hint: "Remember how you write it.",
        answer_missing: "Enter an answer, or leave the question empty too.",
        answer_too_short: "This answer is too short. Use at least {n} characters.",
        answer_is_username: "The answer can't be your user name. Choose another one.",
    },
    new_password: NewPasswordPage {
        title: "Choose a new password",
        intro: "Your old password no longer works. Your user name stays the same.",
        your_username: "Your user name is {username}.",
        password: "New password",
        password_hint: "At least {n} characters. Use a few words you can remember; spaces are allowed.",
        submit: "Save the new password",
        done: "Your new password is saved. Sign in with it.",
    },
    account: AccountPage {
        title: "Your account",
        welcome: "Your patient portal is ready",
        signed_in_as: "You are signed in as {username}.",
        records_heading: "Whose records you can see",
        yourself: "Yourself",
        as_parent: "Someone whose parent you are",
        as_guardian: "Someone whose guardian you are",
        as_spouse: "Your spouse",
        as_other: "Someone you care for",
        no_records: "Nobody at the moment. Call your doctor's office.",
        last_sign_in: "You signed in on {time}.",
        first_sign_in: "This is the first time that you sign in.",
        open_portal: "Open the portal",
        sign_out: "Sign out",
        settings_heading: "Change your account",
        current_password: "Your current password",
        current_password_hint: "To keep you safe, we ask for it again.",
        current_password_missing: "Enter your current password.",
        wrong_password: "Your current password is not right. Nothing was changed.",
        back_to_account: "Back to your account",
    },
    sign_in: SignInPage {
        title: "Sign in",
        username: "User name",
        username_missing: "Enter your user name.",
        password: "Password",
        password_missing: "Enter your password.",
        submit: "Sign in",
        failed: "The user name or password is not right.",
        revoked: "Ask your doctor to provide access to your health records.",
        session_ended: "Your session has ended, to keep you safe. Sign in again.",
        signed_out: "You are signed out.",
        no_account_heading: "No account yet?",
        no_account: "Ask the office for an invitation.",
        forgot_password: "Forgot password",
        forgot_username: "Forgot user name",
        sign_up: "I am a registered patient. Create my account",
    },
    dead_link: DeadLinkPage {
        title: "This link can't be used any more",
        explanation: "Each link works once and for a limited time.",
        next_heading: "What to do",
        ask_office: "Ask your doctor's office for a new link.",
        registered_already: "If you have registered already, you need no link: sign in to your doctor's patient portal.",
        renew_heading: "Get a new link",
        renew: "We can send a new link to the e-mail or phone that the office has.",
        renew_button: "Send a new link",
        reset: "If you want a new password, go to your doctor's sign-in page and choose “Forgot password”.",
    },
    dead_end: DeadEnds {
        too_many_title: "Too many tries",
        too_many: "To keep you safe, we stopped for now. Try again in {wait}.",
        representative_title: "A parent or guardian must register",
        representative_required: "This patient is too young to register alone. A parent or guardian can register with the same link: choose “I am registering for someone I care for”.",
        wrong_title: "Something went wrong",
        wrong: "The fault is ours. Try again in a minute. If it happens again, call the office and tell them this number: {request_id}",
        again: "Open the page again",
        not_found_title: "Page not found",
        not_found: "There is no page at this address. Check it, or open the link in your message again.",
        foreign_form_title: "We can't accept this form",
        foreign_form: "It did not come from our page, or the page was open for too long. Open the page again and fill in the form there.",
        too_large_title: "That is too much",
        too_large: "What you sent is too large. Go back, shorten it and send it again.",
        wrong_format_title: "We can't read this form",
        wrong_format: "It came in a format that we do not know. Open the page again in your browser and fill in the form there.",
    },
    ask: way_in::ASK_EN,
    not_me: way_in::NOT_ME_EN,
    reset: way_in::RESET_EN,
    change_password: own::CHANGE_PASSWORD_EN,
    change_username: own::CHANGE_USERNAME_EN,
    change_email: own::CHANGE_EMAIL_EN,
    sessions: own::SESSIONS_EN,
    representatives: own::REPRESENTATIVES_EN,
    details: own::DETAILS_EN,
};

/// Spanish, with usted.
pub(crate) const ES: PageText = PageText {
    shared: Shared {
        skip_link: "Ir al contenido principal",
        language_legend: "Idioma",
        other_language: "English",
        call_office: "Llame al consultorio de su médico.",
        call: "¿Necesita ayuda? Llame al consultorio de su médico al {phone}.",
        footer: "Portal del paciente de {practice}",
        error_heading: "Hay un problema",
        error_title_prefix: "Error: ",
        continue_button: "Continuar",
        back: "Atrás",
        required_hint: "Llene todos los campos que no digan opcional.",
        optional: "opcional",
        missing_field: "Llene este campo.",
    },
    link: LinkPage {
        title: "Active su acceso al portal",
        title_restored: "Recupere su acceso",
        title_representative: "Active el acceso para alguien a quien usted cuida",
        intro: "Toma unos dos minutos. Primero comprobamos que es usted.",
        intro_restored: "Toma unos dos minutos. Primero comprobamos que es usted. Después elige una contraseña nueva.",
        need_heading: "Lo que necesita",
        need_facts: "El apellido y la fecha de nacimiento del paciente",
        need_phone: "Su teléfono o su correo electrónico, para recibir un código",
        valid_until: "Este enlace funciona hasta el {time}.",
        who_legend: "¿Quién es usted?",
        who_patient: "Soy el paciente",
        who_representative: "Me registro para alguien a quien cuido (como madre, padre, tutor, cónyuge…)",
        who_missing: "Elija quién es usted.",
        facts_legend: "Sobre el paciente",
        facts_hint: "Si se registra para otra persona, escriba los datos del paciente, no los suyos.",
        family_name: "Apellido",
        family_name_hint: "Como lo tiene el consultorio. No importan las mayúsculas ni los acentos.",
        family_name_missing: "Escriba el apellido.",
        birth_date: "Fecha de nacimiento",
        birth_date_hint: "mes/día/año, por ejemplo 04/27/1945",
        birth_date_formats: "También puede escribir 1945-04-27 o 19450427.",
        birth_date_missing: "Escriba la fecha de nacimiento.",
        birth_date_invalid: "Escriba la fecha de nacimiento como mes/día/año, por ejemplo 04/27/1945.",
        postal_code: "Código postal",
        postal_code_hint: "Los cinco números de su domicilio",
        postal_code_missing: "Escriba el código postal.",
        email: "Correo electrónico",
        email_hint: "La dirección que tiene el consultorio",
        email_missing: "Escriba el correo electrónico.",
        access_code: "Código del consultorio, si le dieron uno",
        access_code_hint: "8 números. Si no tiene un código, deje este campo vacío.",
        access_code_invalid: "El código del consultorio tiene 8 números. Revíselo o deje el campo vacío.",
        submit: "Continuar",
    },
    verification: Verification {
        failed: "Lo que escribió no coincide con lo que tiene el consultorio. Revíselo e inténtelo de nuevo, o llame al consultorio.",
    },
    code: CodePage {
        title: "Reciba un código",
        intro: "Para su seguridad, enviamos un código al teléfono o al correo electrónico que tiene el consultorio.",
        channel_legend: "¿Cómo quiere recibir el código?",
        by_email: "Por correo electrónico",
        by_text: "Por mensaje de texto",
        by_voice: "Por llamada telefónica",
        channel_missing: "Elija cómo quiere recibir el código.",
        send: "Enviarme un código",
        enter_title: "Escriba el código",
        sent_by_email: "Enviamos un código al correo electrónico que tiene el consultorio. Sirve durante diez minutos.",
        sent_by_text: "Enviamos un mensaje de texto con un código al teléfono que tiene el consultorio. Sirve durante diez minutos.",
        sent_by_voice: "Llamamos al teléfono que tiene el consultorio para darle un código. Sirve durante diez minutos.",
        keep_secret: "No le diga nunca el código a nadie que le llame.",
        label: "Código",
        missing: "Escriba el código.",
        submit: "Continuar",
        rejected: "Este código no es correcto o ya no sirve. Revíselo o pida uno nuevo.",
        resend_heading: "¿Aún no tiene el código?",
        resend_hint_email: "Puede tardar un minuto. Busque también en la carpeta de correo no deseado. Con un código nuevo, el anterior ya no sirve.",
        resend_hint_phone: "Puede tardar un minuto. Con un código nuevo, el anterior ya no sirve.",
        resend: "Enviarme un código nuevo",
        resend_wait: "Puede pedir un código nuevo en {wait}.",
        no_channel: "No tenemos un teléfono ni un correo para enviarle un código. Llame al consultorio de su médico: ahí pueden darle un código.",
    },
    register: RegisterPage {
        title: "Elija su nombre de usuario y contraseña",
        title_representative: "Regístrese para alguien a quien usted cuida",
        username: "Nombre de usuario",
        username_hint: "Puede usar su correo electrónico.",
        held_title: "Gracias. El consultorio lo revisará",
        held: "El consultorio tiene que revisar primero su registro. Después podrá entrar con el nombre de usuario y la contraseña que acaba de elegir. Si tarda más de uno o dos días, llame al consultorio.",
        username_missing: "Escriba un nombre de usuario.",
        username_taken_plain: "Alguien ya tiene este nombre de usuario. Elija otro.",
        username_taken: "Alguien ya tiene este nombre de usuario. Puede usar: {list}.",
        username_rejected: "Use de 3 a 100 letras, números o los signos . _ - @. Un nombre con @ debe ser su propio correo electrónico.",
        password: "Contraseña",
        password_hint: "Al menos {n} caracteres. Use unas palabras que pueda recordar; puede usar espacios.",
        password_missing: "Escriba una contraseña.",
        password_too_short: "Esta contraseña es demasiado corta. Use al menos {n} caracteres.",
        password_too_long: "Esta contraseña es demasiado larga. Use menos palabras.",
        password_common: "Mucha gente usa esta contraseña, así que es fácil de adivinar. Elija unas palabras que no vayan juntas.",
        password_contextual: "Esta contraseña contiene algo sobre usted o el consultorio, así que es fácil de adivinar. No use nombres, fechas ni direcciones.",
        representative_legend: "Sobre usted",
        representative_hint: "Escriba sus propios datos, no los del paciente.",
        relationship: "Su relación con el paciente",
        relationship_choose: "Elija una",
        relationship_missing: "Elija qué relación tiene con el paciente.",
        parent: "Madre o padre",
        guardian: "Tutor o tutora legal",
        spouse: "Cónyuge",
        other: "Otra relación",
        given_name: "Su nombre",
        given_name_missing: "Escriba su nombre.",
        family_name: "Su apellido",
        family_name_missing: "Escriba su apellido.",
        email: "Su correo electrónico",
        email_missing: "Escriba su correo electrónico.",
        email_invalid: "Escriba un correo electrónico como nombre@example.com.",
        mobile_phone: "Su teléfono celular",
        mobile_phone_hint: "Diez números, por ejemplo (202) 555-0123",
        mobile_phone_invalid: "Escriba un número de teléfono de diez números, por ejemplo (202) 555-0123.",
        terms_heading: "Condiciones de uso",
        terms: [
            "El portal del paciente es un servicio del consultorio de su médico.",
            "El portal no es para emergencias: en una emergencia, llame al 911.",
            "Dé solamente datos verdaderos y regístrese solo para usted o para alguien de cuyo cuidado tiene permiso de encargarse.",
            "Su nombre de usuario y su contraseña son solo para usted: no los comparta con nadie.",
            "Si cree que otra persona conoce su contraseña, avise enseguida al consultorio.",
            "El consultorio puede escribirle sobre su acceso por correo electrónico o mensaje de texto; responda STOP para no recibir más mensajes de texto.",
            "Para protegerle, el portal guarda un registro de cada inicio de sesión y de cada cambio.",
            "Usted puede pedir al consultorio que termine su acceso en cualquier momento, y el consultorio también puede terminarlo.",
        ],
        accept_terms: "Acepto las condiciones de uso",
        accept_terms_missing: "Para continuar, acepte las condiciones de uso.",
        submit: "Registrarme",
        have_account_heading: "Ya tengo un nombre de usuario en este consultorio",
        have_account: "Inicie sesión con él y agregue a este paciente a su cuenta. No necesita otro nombre de usuario.",
        have_account_submit: "Iniciar sesión y agregar a este paciente",
        have_account_failed: "El nombre de usuario o la contraseña no son correctos. No se agregó al paciente.",
        have_account_own: "Este nombre de usuario ya es de otro paciente. Elija aquí un nombre de usuario y una contraseña nuevos.",
        question_legend: "Pregunta de seguridad",
        question_intro: "Si olvida su contraseña, con la respuesta puede demostrar que es usted. Puede dejar vacíos los dos campos.",
        question: "Su pregunta",
        question_hint: "Sobre algo que nadie más sepa, por ejemplo: ¿Cómo se llamaba mi primera maestra?",
        question_missing: "Escriba una pregunta, o deje vacía también la respuesta.",
        answer: "Su respuesta",
        answer_hint: "Recuerde cómo la escribe.",
        answer_missing: "Escriba una respuesta, o deje vacía también la pregunta.",
        answer_too_short: "Esta respuesta es demasiado corta. Use al menos {n} caracteres.",
        answer_is_username: "La respuesta no puede ser su nombre de usuario. Elija otra.",
    },
    new_password: NewPasswordPage {
        title: "Elija una contraseña nueva",
        intro: "Su contraseña anterior ya no sirve. Su nombre de usuario es el mismo.",
        your_username: "Su nombre de usuario es {username}.",
        password: "Contraseña nueva",
        password_hint: "Al menos {n} caracteres. Use unas palabras que pueda recordar; puede usar espacios.",
        submit: "Guardar la contraseña nueva",
        done: "Su contraseña nueva quedó guardada. Úsela para iniciar sesión.",
    },
    account: AccountPage {
        title: "Su cuenta",
        welcome: "Su portal del paciente está listo",
        signed_in_as: "Inició sesión como {username}.",
        records_heading: "De quién puede ver el expediente",
        yourself: "Usted",
        as_parent: "Alguien de quien usted es madre o padre",
        as_guardian: "Alguien de quien usted es tutor o tutora legal",
        as_spouse: "Su cónyuge",
        as_other: "Alguien a quien usted cuida",
        no_records: "De nadie por ahora. Llame al consultorio de su médico.",
        last_sign_in: "Entró el {time}.",
        first_sign_in: "Es la primera vez que inicia sesión.",
        open_portal: "Abrir el portal",
        sign_out: "Cerrar sesión",
        settings_heading: "Cambie su cuenta",
        current_password: "Su contraseña actual",
        current_password_hint: "Para su seguridad, se la pedimos otra vez.",
        current_password_missing: "Escriba su contraseña actual.",
        wrong_password: "Su contraseña actual no es correcta. No se cambió nada.",
        back_to_account: "Volver a su cuenta",
    },
    sign_in: SignInPage {
        title: "Iniciar sesión",
        username: "Nombre de usuario",
        username_missing: "Escriba su nombre de usuario.",
        password: "Contraseña",
        password_missing: "Escriba su contraseña.",
        submit: "Iniciar sesión",
        failed: "El nombre de usuario o la contraseña no son correctos.",
        revoked: "Pídale a su médico que le dé acceso a su expediente médico.",
        session_ended: "Su sesión terminó, para su seguridad. Inicie sesión de nuevo.",
        signed_out: "Cerró la sesión.",
        no_account_heading: "¿Aún no tiene cuenta?",
        no_account: "Pida una invitación en el consultorio.",
        forgot_password: "Olvidé mi contraseña",
        forgot_username: "Olvidé mi nombre de usuario",
        sign_up: "Ya soy paciente del consultorio. Crear mi cuenta",
    },
    dead_link: DeadLinkPage {
        title: "Este enlace ya no se puede usar",
        explanation: "Cada enlace funciona una sola vez y por un tiempo limitado.",
        next_heading: "Qué puede hacer",
        ask_office: "Pida un enlace nuevo en el consultorio de su médico.",
        registered_already: "Si ya se registró, no necesita un enlace: inicie sesión en el portal del paciente de su médico.",
        renew_heading: "Pida un enlace nuevo",
        renew: "Podemos enviar un enlace nuevo al correo electrónico o al teléfono que tiene el consultorio.",
        renew_button: "Enviar un enlace nuevo",
        reset: "Si quiere una contraseña nueva, vaya a la página de inicio de sesión de su médico y elija «Olvidé mi contraseña».",
    },
    dead_end: DeadEnds {
        too_many_title: "Demasiados intentos",
        too_many: "Para su seguridad, hicimos una pausa. Inténtelo de nuevo en {wait}.",
        representative_title: "Debe registrarse la madre, el padre o el tutor",
        representative_required: "Este paciente es demasiado joven para registrarse solo. Su madre, su padre o su tutor puede registrarse con el mismo enlace: elija «Me registro para alguien a quien cuido».",
        wrong_title: "Algo salió mal",
        wrong: "La falla es nuestra. Inténtelo de nuevo en un minuto. Si vuelve a pasar, llame al consultorio y dígales este número: {request_id}",
        again: "Abrir la página otra vez",
        not_found_title: "Página no encontrada",
        not_found: "No hay ninguna página en esta dirección. Revísela o abra otra vez el enlace de su mensaje.",
        foreign_form_title: "No podemos aceptar este formulario",
        foreign_form: "No vino de nuestra página, o la página estuvo abierta demasiado tiempo. Abra la página otra vez y llene el formulario allí.",
        too_large_title: "Es demasiado",
        too_large: "Lo que envió es demasiado grande. Vuelva atrás, acórtelo y envíelo de nuevo.",
        wrong_format_title: "No podemos leer este formulario",
        wrong_format: "Llegó en un formato que no conocemos. Abra la página otra vez en su navegador y llene el formulario allí.",
    },
    ask: way_in::ASK_ES,
    not_me: way_in::NOT_ME_ES,
    reset: way_in::RESET_ES,
    change_password: own::CHANGE_PASSWORD_ES,
    change_username: own::CHANGE_USERNAME_ES,
    change_email: own::CHANGE_EMAIL_ES,
    sessions: own::SESSIONS_ES,
    representatives: own::REPRESENTATIVES_ES,
    details: own::DETAILS_ES,
};
