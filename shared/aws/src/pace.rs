//! How fast SES may be given mail: by the account's own quota, asked for once a minute.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long an answer about the quota will do.
const FRESH: Duration = Duration::from_mins(1);
/// Mails a second until the quota is known: SES's own limit for an account that is new.
const UNKNOWN: f64 = 1.0;
/// What is kept of a day's quota for what somebody waits for.
const RESERVE: f64 = 0.05;
/// Seconds until a message is tried again that the day's quota had no room for.
pub const NEXT_LOOK: i64 = 900;
/// The longest that one mail waits for its turn here.
const PATIENCE: Duration = Duration::from_secs(5);
/// Seconds until a message is tried again that would have waited longer, or that came too fast for its provider.
pub const SOON: i64 = 10;

/// The quota, as `ses:GetAccount` has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quota {
    /// Whether the account may send at all.
    pub enabled: bool,
    /// Mails a second.
    pub a_second: f64,
    /// Mails in 24 hours; -1 for no limit.
    pub a_day: f64,
    /// Mails in the last 24 hours.
    pub sent: f64,
}

/// What comes of asking for a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Send after this pause.
    After(Duration),
    /// Not now; look again in so many seconds.
    NotNow(i64),
}

#[derive(Debug, Default)]
struct State {
    /// Processes that share the account's rate.
    senders: f64,
    quota: Option<Quota>,
    asked_at: Option<Instant>,
    next: Option<Instant>,
}

impl State {
    fn turn(&mut self, awaited: bool, now: Instant) -> Turn {
        if let Some(quota) = &mut self.quota {
            let left = if quota.a_day < 0.0 { f64::MAX } else { quota.a_day - quota.sent };
            let kept = if awaited { 0.0 } else { (quota.a_day * RESERVE).max(0.0) };
            if !quota.enabled || left - kept < 1.0 {
                return Turn::NotNow(NEXT_LOOK);
            }
        }
        let rate = self.quota.map_or(UNKNOWN, |quota| quota.a_second.max(UNKNOWN)) / self.senders.max(1.0);
        let start = self.next.map_or(now, |next| next.max(now));
        let pause = start - now;
        if pause > PATIENCE {
            return Turn::NotNow(SOON);
        }
        self.next = Some(start + Duration::from_secs_f64(1.0 / rate));
        if let Some(quota) = &mut self.quota {
            quota.sent += 1.0;
        }
        Turn::After(pause)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "spaces the calls of one process; nothing is decided or written by it"
)]
fn instant() -> Instant {
    Instant::now()
}

/// The turns of one process.
#[derive(Debug, Default)]
pub struct Pace(Mutex<State>);

impl Pace {
    /// Turns for one of so many processes.
    pub fn among(senders: u32) -> Self {
        Self(Mutex::new(State { senders: f64::from(senders), ..State::default() }))
    }

    /// A turn for one mail. `ask` brings the quota where it is not known or a minute old; where it can't be had, what
    /// was known last counts.
    pub async fn turn<F: Future<Output = Option<Quota>>>(
        &self,
        awaited: bool,
        ask: impl FnOnce() -> F,
    ) -> Turn {
        let mut state = self.0.lock().await;
        let now = instant();
        if state.asked_at.is_none_or(|at| now - at >= FRESH) {
            state.asked_at = Some(now);
            state.quota = ask().await.or(state.quota);
        }
        state.turn(awaited, instant())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEC: Duration = Duration::from_secs(1);

    fn state(quota: Quota) -> State {
        State { senders: 2.0, quota: Some(quota), ..State::default() }
    }

    const ROOMY: Quota = Quota { enabled: true, a_second: 20.0, a_day: 50_000.0, sent: 0.0 };

    #[test]
    fn mails_are_spaced_by_the_processs_part_of_the_accounts_rate() {
        let (mut state, now) = (state(ROOMY), instant());
        let pauses: Vec<Turn> = (0..3).map(|_| state.turn(false, now)).collect();
        assert_eq!(pauses, [0, 1, 2].map(|place| Turn::After((SEC / 10) * place)), "{pauses:?}");
        assert_eq!(
            state.turn(false, now + SEC),
            Turn::After(Duration::ZERO),
            "time that passed is not saved up"
        );
    }

    #[test]
    fn the_last_of_a_days_quota_is_for_what_somebody_waits_for() {
        let (mut state, now) = (state(Quota { sent: 47_500.0, ..ROOMY }), instant());
        assert_eq!(state.turn(false, now), Turn::NotNow(NEXT_LOOK));
        assert_eq!(state.turn(true, now), Turn::After(Duration::ZERO));
    }

    #[test]
    fn a_used_up_quota_and_a_paused_account_send_nothing_and_no_limit_is_none() {
        let now = instant();
        assert_eq!(state(Quota { sent: 50_000.0, ..ROOMY }).turn(true, now), Turn::NotNow(NEXT_LOOK));
        assert_eq!(state(Quota { enabled: false, ..ROOMY }).turn(true, now), Turn::NotNow(NEXT_LOOK));
        assert_eq!(
            state(Quota { a_day: -1.0, sent: 9e9, ..ROOMY }).turn(false, now),
            Turn::After(Duration::ZERO)
        );
    }

    #[test]
    fn who_would_wait_long_comes_again_instead() {
        let (mut state, now) = (state(Quota { a_second: 1.0, ..ROOMY }), instant());
        let turns: Vec<Turn> = (0..5).map(|_| state.turn(false, now)).collect();
        assert_eq!(turns.last(), Some(&Turn::NotNow(SOON)), "{turns:?}");
    }
}
