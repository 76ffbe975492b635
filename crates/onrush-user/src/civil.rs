//! The calendar: dates of a time since the epoch, in UTC.

use std::fmt::Write as _;
use std::time::Duration;

/// A date and a time of day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: u32,
    pub(crate) day: u32,
    pub(crate) second_of_day: u32,
    pub(crate) nanos: u32,
    /// Days since 1970-01-01.
    days: i64,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

impl Civil {
    pub(crate) fn of(since_epoch: Duration) -> Self {
        Self::of_seconds(since_epoch.as_secs().cast_signed(), since_epoch.subsec_nanos())
    }

    /// The date of a number of seconds since (or, negative, before) the epoch.
    pub(crate) fn of_seconds(seconds: i64, nanos: u32) -> Self {
        let days = seconds.div_euclid(86_400);
        let second_of_day = seconds.rem_euclid(86_400) as u32;
        // Hinnant, "chrono-compatible low-level date algorithms": years that begin in March, eras of 400 years.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let day = (day_of_year - (153 * march_month + 2) / 5 + 1) as u32;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 } as u32;
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self { year, month, day, second_of_day, nanos, days }
    }

    /// Seconds since the epoch of `Sun, 06 Nov 1994 08:49:37 GMT`, as HTTP writes dates (RFC 9110 §5.6.7).
    pub(crate) fn http_date(text: &str) -> Option<i64> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let [_, day, month, year, time, "GMT"] = words[..] else { return None };
        let (month, _) = (1_i64..).zip(MONTHS).find(|(_, name)| name[..3].eq_ignore_ascii_case(month))?;
        let (day, year): (i64, i64) = (day.parse().ok()?, year.parse().ok()?);
        let numbers: Vec<i64> = time.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let [hour, minute, second] = numbers[..] else { return None };
        let is_date = (1..=31).contains(&day) && (1..=9_999).contains(&year);
        if !is_date || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        // Hinnant again: years begin in March.
        let shifted = if month > 2 { year } else { year - 1 };
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + day_of_year - 719_468;
        Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
    }

    /// `20130524T000000Z`.
    pub(crate) fn compact(&self) -> String {
        self.formatted("%Y%m%dT%H%M%SZ")
    }

    /// As `strftime` does it, with the codes that are commonly asked for; others stay as they are.
    pub(crate) fn formatted(&self, format: &str) -> String {
        let mut out = String::new();
        let mut chars = format.chars();
        while let Some(char) = chars.next() {
            match char {
                '%' => self.write(chars.next().unwrap_or('%'), &mut out),
                char => out.push(char),
            }
        }
        out
    }

    fn write(&self, code: char, out: &mut String) {
        let (hour, minute, second) =
            (self.second_of_day / 3_600, self.second_of_day / 60 % 60, self.second_of_day % 60);
        let month = MONTHS[self.month as usize - 1];
        let weekday = WEEKDAYS[(self.days + 3).rem_euclid(7) as usize];
        let _ = match code {
            'Y' => write!(out, "{:04}", self.year),
            'm' => write!(out, "{:02}", self.month),
            'd' => write!(out, "{:02}", self.day),
            'H' => write!(out, "{hour:02}"),
            'M' => write!(out, "{minute:02}"),
            'S' => write!(out, "{second:02}"),
            'f' => write!(out, "{:03}", self.nanos / 1_000_000),
            'F' => write!(out, "{:04}-{:02}-{:02}", self.year, self.month, self.day),
            'T' => write!(out, "{hour:02}:{minute:02}:{second:02}"),
            'B' => write!(out, "{month}"),
            'b' => write!(out, "{}", &month[..3]),
            'A' => write!(out, "{weekday}"),
            'a' => write!(out, "{}", &weekday[..3]),
            's' => write!(out, "{}", self.days * 86_400 + i64::from(self.second_of_day)),
            'z' => write!(out, "+0000"),
            '%' => write!(out, "%"),
            other => write!(out, "%{other}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_http_are_read() {
        for seconds in [0, 784_111_777, 951_782_399, 951_868_800, 1_700_000_000, 4_107_542_400] {
            let date = Civil::of_seconds(seconds, 0).formatted("%a, %d %b %Y %T GMT");
            assert_eq!(Civil::http_date(&date), Some(seconds), "{date}");
        }
        for date in
            ["", "120", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Now 1994 08:49:37 GMT", "Sun, 06 Nov 1994 88:49:37 GMT"]
        {
            assert_eq!(Civil::http_date(date), None, "{date}");
        }
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "Thu 1970-01-01 00:00:00"),
            (951_782_399, "Mon 2000-02-28 23:59:59"),
            (951_782_400, "Tue 2000-02-29 00:00:00"),
            (1_369_353_600, "Fri 2013-05-24 00:00:00"),
            (4_107_542_400, "Mon 2100-03-01 00:00:00"),
            (-1, "Wed 1969-12-31 23:59:59"),
        ] {
            assert_eq!(Civil::of_seconds(seconds, 0).formatted("%a %F %T"), expected);
        }
        let date = Civil::of(Duration::new(1_369_353_600, 7_000_000));
        assert_eq!(date.compact(), "20130524T000000Z");
        assert_eq!(date.formatted("%d %B %b %A %f %s %z %% %q %"), "24 May May Friday 007 1369353600 +0000 % %q %");
    }
}
