//! Numbers that are worked out from others: the expressions of ComfyUI's math node, and conversions.

use super::eval::Eval;
use super::known::KnownValue;
use super::nodes::NodeIndex;
use std::borrow::Cow;

/// How deep an expression may nest.
const MOST_DEEP: usize = 32;

/// What a node of arithmetic gives out; `None` when it is another kind of node.
pub(super) fn given<'a>(eval: &Eval<'_, 'a>, place: NodeIndex, output: usize) -> Option<Option<KnownValue<'a>>> {
    match eval.graph.class(place) {
        "ComfyMathExpression" => Some(worked_out(eval, place, output)),
        "ComfyNumberConvert" => Some(converted(eval, place, output)),
        "ComfyOrNode" => Some(decided(eval, place, true)),
        "ComfyAndNode" => Some(decided(eval, place, false)),
        "ImpactIfNone" if output == 1 && !eval.graph.has(place, "any_input") => Some(Some(KnownValue::Flag(false))),
        // Of other makers, where the expression stands in a text and its variables beside it.
        class if class.contains("Math") => Some(worked_out_elsewhere(eval, place, class, output)),
        _ => None,
    }
}

/// Several flags in one: `decides` is the one that settles it alone.
fn decided<'a>(eval: &Eval<'_, 'a>, place: NodeIndex, decides: bool) -> Option<KnownValue<'a>> {
    let flags = eval.graph.inputs(place).filter(|(name, _)| name.starts_with("values"));
    let flags: Vec<Option<bool>> = flags.map(|(_, value)| eval.known(value)?.is_true()).collect();
    if flags.contains(&Some(decides)) {
        return Some(KnownValue::Flag(decides));
    }
    flags.iter().all(Option::is_some).then_some(KnownValue::Flag(!decides))
}

/// Output 0 is a float, 1 an integer, 2 a flag.
fn worked_out<'a>(eval: &Eval<'_, 'a>, place: NodeIndex, output: usize) -> Option<KnownValue<'a>> {
    let expression = eval.text(place, "expression")?;
    let variable = |name: &str| {
        let named = [format!("values.{name}"), name.to_owned()];
        named.iter().find_map(|name| eval.input(place, name)).and_then(|known| known.float())
    };
    let value = result(&expression, &variable)?;
    match output {
        0 => KnownValue::of(value),
        1 => KnownValue::of(value.trunc()),
        2 => Some(KnownValue::Flag(value != 0.0)),
        _ => None,
    }
}

/// `SimpleMath+` gives an integer, then a float; of others only a whole result is sure.
fn worked_out_elsewhere<'a>(
    eval: &Eval<'_, 'a>,
    place: NodeIndex,
    class: &str,
    output: usize,
) -> Option<KnownValue<'a>> {
    let expression = ["expression", "value", "math_expression"].iter().find_map(|name| eval.text(place, name))?;
    let variable = |name: &str| eval.input(place, name).and_then(|known| known.float());
    let value = result(&expression, &variable)?;
    match (class, output) {
        ("SimpleMath+", 0) => KnownValue::of(value.round_ties_even()),
        ("SimpleMath+", 1) => KnownValue::of(value),
        _ => KnownValue::of(value).filter(|_| value.fract() == 0.0),
    }
}

fn converted<'a>(eval: &Eval<'_, 'a>, place: NodeIndex, output: usize) -> Option<KnownValue<'a>> {
    let known = match eval.input(place, "value")? {
        KnownValue::Text(text) => KnownValue::Number(Cow::Owned(text.trim().to_owned())),
        other => other,
    };
    let float = known.float()?;
    match (output, known) {
        // A seed has more digits than a float.
        (1, KnownValue::Number(number)) if number.bytes().all(|c| c.is_ascii_digit()) => {
            Some(KnownValue::Number(number))
        }
        (0, _) => KnownValue::of(float),
        (1, _) => KnownValue::of(float.trunc()),
        _ => None,
    }
}

/// The value of an expression in Python's grammar; `None` for what this doesn't know.
fn result(expression: &str, variable: &dyn Fn(&str) -> Option<f64>) -> Option<f64> {
    let mut reader = ExpressionReader { rest: expression, variable, depth: 0 };
    let value = reader.either()?;
    (reader.rest.trim().is_empty() && value.is_finite()).then_some(value)
}

/// What is left of an expression.
struct ExpressionReader<'a> {
    rest: &'a str,
    variable: &'a dyn Fn(&str) -> Option<f64>,
    depth: usize,
}

impl ExpressionReader<'_> {
    /// Steps over a sign if it comes next.
    fn takes(&mut self, sign: &str) -> bool {
        let rest = self.rest.trim_start();
        let after = rest.strip_prefix(sign);
        self.rest = after.unwrap_or(rest);
        after.is_some()
    }

    /// `a if b else c`
    fn either(&mut self) -> Option<f64> {
        self.depth += 1;
        if self.depth > MOST_DEEP {
            return None;
        }
        let mut value = self.compared()?;
        if self.takes("if ") {
            let is_so = self.compared()? != 0.0;
            let other = self.takes("else ").then(|| self.either()).flatten()?;
            value = if is_so { value } else { other };
        }
        self.depth -= 1;
        Some(value)
    }

    fn compared(&mut self) -> Option<f64> {
        let left = self.masked()?;
        for (sign, holds) in [
            ("<=", (|a, b| a <= b) as fn(f64, f64) -> bool),
            (">=", |a, b| a >= b),
            ("==", |a, b| (a - b).abs() < f64::EPSILON),
            ("!=", |a, b| (a - b).abs() >= f64::EPSILON),
            ("<", |a, b| a < b),
            (">", |a, b| a > b),
        ] {
            if self.takes(sign) {
                return Some(f64::from(u8::from(holds(left, self.masked()?))));
            }
        }
        Some(left)
    }

    /// `a & -8` rounds down to a multiple of 8.
    fn masked(&mut self) -> Option<f64> {
        let mut value = self.sum()?;
        while self.takes("&") {
            #[allow(clippy::cast_possible_truncation, reason = "both are whole and small, or it is refused")]
            let whole = |float: f64| (float.fract() == 0.0 && float.abs() < 1e15).then_some(float as i64);
            let masked = whole(value)? & whole(self.sum()?)?;
            #[allow(clippy::cast_precision_loss, reason = "not larger than the two")]
            {
                value = masked as f64;
            }
        }
        Some(value)
    }

    fn sum(&mut self) -> Option<f64> {
        let mut value = self.product()?;
        loop {
            if self.takes("+") {
                value += self.product()?;
            } else if self.takes("-") {
                value -= self.product()?;
            } else {
                return Some(value);
            }
        }
    }

    fn product(&mut self) -> Option<f64> {
        let mut value = self.signed()?;
        loop {
            if self.rest.trim_start().starts_with("**") {
                return Some(value);
            } else if self.takes("*") {
                value *= self.signed()?;
            } else if self.takes("//") {
                value = (value / self.signed()?).floor();
            } else if self.takes("/") {
                value /= self.signed()?;
            } else if self.takes("%") {
                let by = self.signed()?;
                value -= by * (value / by).floor();
            } else {
                return Some(value);
            }
        }
    }

    fn signed(&mut self) -> Option<f64> {
        if self.takes("-") {
            return Some(-self.nested()?);
        }
        if self.takes("+") {
            return self.nested();
        }
        let value = self.atom()?;
        if self.takes("**") { Some(value.powf(self.nested()?)) } else { Some(value) }
    }

    /// `---1` nests as brackets do.
    fn nested(&mut self) -> Option<f64> {
        self.depth += 1;
        let value = if self.depth > MOST_DEEP { None } else { self.signed() };
        self.depth -= 1;
        value
    }

    fn atom(&mut self) -> Option<f64> {
        if self.takes("(") {
            let value = self.either()?;
            return self.takes(")").then_some(value);
        }
        let length = |is_part: fn(char) -> bool, text: &str| text.find(|c| !is_part(c)).unwrap_or(text.len());
        let rest = self.rest.trim_start();
        let (number, after) = rest.split_at(length(|c| c.is_ascii_digit() || c == '.', rest));
        if !number.is_empty() {
            self.rest = after;
            return number.parse().ok();
        }
        let (name, after) = rest.split_at(length(|c| c.is_ascii_alphanumeric() || c == '_', rest));
        self.rest = after;
        if !self.takes("(") {
            return (self.variable)(name);
        }
        let mut values = vec![self.either()?];
        while self.takes(",") && values.len() < MOST_DEEP {
            values.push(self.either()?);
        }
        self.takes(")").then(|| called(name, &values)).flatten()
    }
}

fn called(name: &str, values: &[f64]) -> Option<f64> {
    match (name, values) {
        ("min", _) => values.iter().copied().reduce(f64::min),
        ("max", _) => values.iter().copied().reduce(f64::max),
        ("floor", [value]) => Some(value.floor()),
        ("ceil", [value]) => Some(value.ceil()),
        ("int" | "trunc", [value]) => Some(value.trunc()),
        ("abs", [value]) => Some(value.abs()),
        ("sqrt", [value]) => Some(value.sqrt()),
        ("round", [value]) => Some(value.round_ties_even()),
        ("pow", [value, by]) => Some(value.powf(*by)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_worked_out_as_python_does() {
        let variable = |name: &str| match name {
            "a" => Some(1300.0),
            "b" => Some(24.0),
            _ => None,
        };
        for (expression, value) in [
            ("a", Some(1300.0)),
            ("a * b + 1", Some(31201.0)),
            ("floor (a * b + 1)", Some(31201.0)),
            ("max(((a + 15) // 16) * 16, 256)", Some(1312.0)),
            ("a & -8", Some(1296.0)),
            ("floor(a/32)*32", Some(1280.0)),
            ("a > 2048", Some(0.0)),
            ("1 if a > 2048 else b", Some(24.0)),
            ("-7 // 2", Some(-4.0)),
            ("-7 % 3", Some(2.0)),
            ("2 ** 3 ** 2", Some(512.0)),
            ("-2 ** 2", Some(-4.0)),
            ("2 * 3 ** 2", Some(18.0)),
            ("round(2.5) + min(3, 1, 2)", Some(3.0)),
            ("a / 0", None),
            ("a b", None),
            ("c + 1", None),
            ("open('x')", None),
            ("(", None),
            ("", None),
        ] {
            assert_eq!(result(expression, &variable), value, "{expression}");
        }
        assert_eq!(result(&"(".repeat(10_000), &variable), None);
        assert_eq!(result(&"-".repeat(10_000), &variable), None);
    }
}
