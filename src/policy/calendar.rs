//! When people are there: business hours and freezes in the director's time zone. Pure: the time zones are built in, and
//! the time arrives as an argument.

use super::healing::Hours;
use crate::domain::time::Timestamp;
use jiff::{
    civil::{Date, Time, Weekday},
    tz::{TimeZone, TimeZoneDatabase},
};

/// Why nothing is deployed now, in words; `None`: people are there and nothing is frozen. Hours that cannot be read
/// count as closed: `check` refuses them where they are written.
#[must_use]
pub fn closed(hours: &Hours, at: Timestamp) -> Option<String> {
    let zone = match zone(&hours.timezone) {
        Ok(zone) => zone,
        Err(why) => return Some(why),
    };
    let Ok(instant) = jiff::Timestamp::from_millisecond(at.0) else {
        return Some("the clock shows a time that no calendar has".into());
    };
    let now = instant.to_zoned(zone).datetime();
    for span in &hours.freeze {
        match freeze(span) {
            Ok((from, until)) if (from..=until).contains(&now.date()) => {
                return Some(format!("deployments are frozen {span}"));
            }
            Ok(_) => {}
            Err(why) => return Some(why),
        }
    }
    let open = match business(&hours.business) {
        Ok(open) => open,
        Err(why) => return Some(why),
    };
    let inside = open.iter().any(|part| part.holds(now.date().weekday(), now.time()));
    (!inside).then(|| format!("outside of {} ({})", hours.business, hours.timezone))
}

/// Says what is wrong with hours as written.
///
/// # Errors
/// In words, with the part that is wrong.
pub fn check(hours: &Hours) -> Result<(), String> {
    zone(&hours.timezone)?;
    business(&hours.business)?;
    hours.freeze.iter().try_for_each(|span| freeze(span).map(drop))
}

fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZoneDatabase::bundled()
        .get(name)
        .map_err(|_| format!("{name:?} is not a time zone such as \"Europe/London\""))
}

/// Days and times that belong together.
struct Part {
    days: Vec<Weekday>,
    from: Time,
    until: Time,
}

impl Part {
    fn holds(&self, day: Weekday, time: Time) -> bool {
        self.days.contains(&day) && self.from <= time && time < self.until
    }
}

/// `Mon-Fri 09:00-18:00, Sat 10:00-14:00`; `always`.
fn business(text: &str) -> Result<Vec<Part>, String> {
    let whole = |part: &str| format!("{part:?} is not hours such as \"Mon-Fri 09:00-18:00\"");
    if text.trim() == "always" {
        return Ok(vec![Part { days: DAYS.to_vec(), from: Time::MIN, until: Time::MAX }]);
    }
    let one = |part: &str| {
        let (days, times) = part.trim().split_once(' ').ok_or_else(|| whole(part))?;
        let (from, until) = times.trim().split_once('-').ok_or_else(|| whole(part))?;
        let (from, until) = (time(from).ok_or_else(|| whole(part))?, time(until).ok_or_else(|| whole(part))?);
        if from >= until {
            return Err(format!("{part:?} ends before it begins: write two parts for a night"));
        }
        Ok(Part { days: self::days(days).ok_or_else(|| whole(part))?, from, until })
    };
    text.split(',').map(one).collect()
}

const DAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

fn days(text: &str) -> Option<Vec<Weekday>> {
    let place = |word: &str| {
        ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
            .iter()
            .position(|day| word.eq_ignore_ascii_case(day))
    };
    match text.split_once('-') {
        None => place(text).map(|day| vec![DAYS[day]]),
        Some((from, until)) => {
            let (from, until) = (place(from)?, place(until)?);
            let last = if until < from { until + 7 } else { until };
            Some((from..=last).map(|day| DAYS[day % 7]).collect())
        }
    }
}

/// `09:00`; `24:00` is the end of the day.
fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    if (hour, minute) == ("24", "00") {
        return Some(Time::MAX);
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

fn freeze(span: &str) -> Result<(Date, Date), String> {
    let wrong = || format!("{span:?} is not a span such as \"2026-12-20/2027-01-03\"");
    let (from, until) = span.split_once('/').ok_or_else(wrong)?;
    let (from, until): (Date, Date) =
        (from.trim().parse().map_err(|_| wrong())?, until.trim().parse().map_err(|_| wrong())?);
    if until < from { Err(wrong()) } else { Ok((from, until)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn c9_hours_are_those_of_the_zone_summer_and_winter() {
        let hours = Hours::default();
        let open = |text| closed(&hours, at(text)).is_none();
        assert!(open("2026-01-14T09:00:00Z") && !open("2026-01-14T08:59:59Z"), "winter is UTC in London");
        assert!(open("2026-07-15T08:00:00Z") && !open("2026-07-15T07:59:59Z"), "summer is an hour ahead");
        assert!(!open("2026-07-15T17:00:00Z"), "the end is not within");
        assert!(!open("2026-07-18T10:00:00Z"), "a Saturday");
        let frozen = Hours { freeze: vec!["2026-12-20/2027-01-03".into()], ..hours };
        assert_eq!(
            closed(&frozen, at("2026-12-21T12:00:00Z")).as_deref(),
            Some("deployments are frozen 2026-12-20/2027-01-03")
        );
    }

    #[test]
    fn what_cannot_be_read_is_closed_and_refused_with_words() {
        for (zone, business, freeze) in [
            ("Mars/Olympus", "Mon-Fri 09:00-18:00", None),
            ("UTC", "Mon-Fri", None),
            ("UTC", "Mon-Fri 18:00-09:00", None),
            ("UTC", "Someday 09:00-18:00", None),
            ("UTC", "Mon 25:00-26:00", None),
            ("UTC", "always", Some("2027-01-03/2026-12-20")),
            ("UTC", "always", Some("Christmas")),
        ] {
            let hours = Hours {
                timezone: zone.into(),
                business: business.into(),
                freeze: freeze.into_iter().map(str::to_owned).collect(),
                ..Hours::default()
            };
            assert!(check(&hours).is_err(), "{zone} {business} {freeze:?}");
            assert!(closed(&hours, at("2026-01-14T12:00:00Z")).is_some());
        }
        let nights = Hours {
            timezone: "UTC".into(),
            business: "Fri-Mon 20:00-24:00, Tue 00:00-06:00".into(),
            ..Hours::default()
        };
        check(&nights).unwrap();
        assert!(closed(&nights, at("2026-11-29T23:59:00Z")).is_none(), "a Sunday, over the end of the week");
    }
}
