//! The shares of one core as bars: docs/speed.svg.

use std::fmt::Write;
use std::fs;

use crate::compare::Share;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/speed.svg");
const LINE: f64 = 34.0;
const TOP: f64 = 44.0;
/// Where bars begin, and how long a whole one is.
const LEFT: f64 = 210.0;
const WHOLE: f64 = 420.0;

pub fn write(shares: &[Share]) {
    fs::write(FILE, draw(shares)).unwrap();
}

fn draw(shares: &[Share]) -> String {
    let height = f64::from(u32::try_from(shares.len()).unwrap()).mul_add(LINE, TOP) + 8.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 860 {height}\" font-family=\"system-ui, sans-serif\" \
         font-size=\"13\" role=\"img\" aria-label=\"Hallpass on one core, as a share of what it is measured beside\">\n\
         <style>text {{ fill: #24292f }} .whole {{ fill: #d8dee4 }} .share {{ fill: #0969da }} .target {{ stroke: #24292f }}\n\
         @media (prefers-color-scheme: dark) {{ text {{ fill: #e6edf3 }} .whole {{ fill: #30363d }} .share {{ fill: #4493f8 }} \
         .target {{ stroke: #e6edf3 }} }}</style>\n\
         <text x=\"{LEFT}\" y=\"24\">Share on one core of what stands beside it; the line is the target</text>\n"
    );
    let mut top = TOP;
    for share in shares {
        let (value, middle) = (share.value(), top + 15.0);
        writeln!(
            svg,
            "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{}</text>\n\
             <rect class=\"whole\" x=\"{LEFT}\" y=\"{top}\" width=\"{WHOLE}\" height=\"20\" rx=\"3\"/>\n\
             <rect class=\"share\" x=\"{LEFT}\" y=\"{top}\" width=\"{:.0}\" height=\"20\" rx=\"3\"/>",
            LEFT - 10.0,
            share.what.replace('`', ""),
            value.min(1.0) * WHOLE,
        )
        .unwrap();
        if let Some(target) = share.target {
            let x = target.mul_add(WHOLE, LEFT);
            let (from, to) = (top - 3.0, top + 23.0);
            writeln!(
                svg,
                "<line class=\"target\" x1=\"{x}\" x2=\"{x}\" y1=\"{from}\" y2=\"{to}\" stroke-width=\"2\"/>"
            )
            .unwrap();
        }
        writeln!(svg, "<text x=\"{}\" y=\"{middle}\">{value:.2} of {}</text>", LEFT + WHOLE + 10.0, share.beside)
            .unwrap();
        top += LINE;
    }
    svg.push_str("</svg>\n");
    svg
}
