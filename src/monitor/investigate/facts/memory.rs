//! Memory of the host and how much everybody waits for it, for disks and for the processor, as the kernel counts.

use crate::{
    domain::incident::ClueSort,
    monitor::investigate::{
        findings::{Found, Piece},
        scene::Means,
    },
};

/// Looks. The kernel answers from memory, so this does not wait.
#[must_use]
pub fn look(means: &Means) -> Found {
    let text = |name: &str| std::fs::read_to_string(means.proc.join(name)).unwrap_or_default();
    read(&text("meminfo"), [&text("pressure/memory"), &text("pressure/io"), &text("pressure/cpu")])
}

/// Reads `/proc/meminfo` and the three files of `/proc/pressure`; empty where there is none.
#[must_use]
pub fn read(meminfo: &str, [memory, io, cpu]: [&str; 3]) -> Found {
    let field = |name: &str| {
        let line = meminfo.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<f64>().ok()
    };
    let (Some(total), Some(available)) = (field("MemTotal:"), field("MemAvailable:")) else {
        return Found::gap("the kernel does not tell how much memory there is");
    };
    let pct = available * 100.0 / total.max(1.0);
    let mut piece = Piece::now(ClueSort::Host, format!("{pct:.0} % of memory is available"))
        .number("memory.available_pct", pct);
    if let (Some(swap), Some(free)) = (field("SwapTotal:"), field("SwapFree:"))
        && swap > 0.0
    {
        piece = piece.number("memory.swap_used_pct", (swap - free) * 100.0 / swap);
    }
    for (name, text, line) in
        [("memory.pressure", memory, "full"), ("io.pressure", io, "full"), ("cpu.pressure", cpu, "some")]
    {
        if let Some(share) = average(text, line) {
            piece = piece.number(name, share);
        }
    }
    Found::one(piece)
}

/// `full avg10=1.23 avg60=...`: percent of the last ten seconds.
fn average(text: &str, line: &str) -> Option<f64> {
    let line = text.lines().find(|row| row.starts_with(line))?;
    line.split_whitespace().find_map(|word| word.strip_prefix("avg10="))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::expr::Value;

    #[test]
    fn memory_and_pressure_are_read() {
        let meminfo =
            "MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 45 kB\nSwapTotal: 200 kB\nSwapFree: 50 kB\n";
        let pressure =
            "some avg10=9.00 avg60=1.00 avg300=0.10 total=1\nfull avg10=31.50 avg60=1.0 avg300=0 total=1\n";
        let facts = read(meminfo, [pressure, "", ""]).pieces[0].facts.clone();
        let number =
            |name: &str| facts.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        assert_eq!(number("memory.available_pct"), Some(Value::Number(4.5)));
        assert_eq!(number("memory.swap_used_pct"), Some(Value::Number(75.0)));
        assert_eq!(number("memory.pressure"), Some(Value::Number(31.5)));
        assert_eq!(number("io.pressure"), None);
        assert_eq!(read("", ["", "", ""]).gaps.len(), 1);
    }
}
