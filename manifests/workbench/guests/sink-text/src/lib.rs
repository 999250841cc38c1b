//! Shows the whole report on standard output.

wit_bindgen::generate!({
    path: ["../../../../wit/plugweave.wit", "../../../../wit/workbench"],
    world: "workbench:markdown/deliverer",
});

use workbench::markdown::types::Report;

struct Text;

impl exports::workbench::markdown::sink::Guest for Text {
    fn deliver(report: Report) -> Result<u32, String> {
        console::print(&report.body)?;
        Ok(report.body.lines().count() as u32)
    }
}

export!(Text);
