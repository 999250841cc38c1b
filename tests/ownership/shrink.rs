//! Making what differs smaller: steps are left out as long as something still differs.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::play::{Case, Failure};

/// What differs, with the fewest steps that show it.
pub fn told(case: &Case, failure: &Failure) -> String {
    let Failure { steps, difference } = failure;
    let mut fewest = steps.clone();
    let mut smaller = difference.clone();
    let mut part = fewest.len();
    while part > 0 {
        let mut at = 0;
        while at < fewest.len() {
            let mut fewer = fewest.clone();
            fewer.drain(at..(at + part).min(fewest.len()));
            let again = catch_unwind(AssertUnwindSafe(|| case.again(&fewer)));
            match again.unwrap_or_else(|_| Err("it panicked".to_owned())) {
                Err(difference) => (fewest, smaller) = (fewer, difference),
                Ok(()) => at += part,
            }
        }
        part /= 2;
    }
    let plugins = case.graph.plugins.iter().enumerate();
    let plugins: String = plugins.map(|(number, plugin)| format!("  p{number}: {plugin:?}\n")).collect();
    let steps: String = fewest.iter().map(|step| format!("  {step}\n")).collect();
    format!("{difference}\nmade smaller: {smaller}\n{plugins}{steps}")
}
