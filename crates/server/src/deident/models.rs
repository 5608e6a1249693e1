//! Privacy models as they are written on the command line.

use ::deident::risk::Estimator;
use ::deident::{Criterion, Model, Spec};

use super::{Deident, DeidentError};

/// The models that are asked for beside k-anonymity.
pub(super) fn criteria(arguments: &Deident) -> Result<Vec<Criterion>, DeidentError> {
    let diverse = arguments.l.iter().map(|text| (text, diversity as Parse));
    let close = arguments.t.iter().map(|text| (text, closeness as Parse));
    let others = arguments.model.iter().map(|text| (text, other as Parse));
    diverse.chain(close).chain(others).map(|(text, parse)| criterion(text, parse)).collect()
}

type Parse = fn(&str, &[&str]) -> Option<Criterion>;

fn criterion(text: &str, parse: Parse) -> Result<Criterion, DeidentError> {
    let wrong = || DeidentError::Argument {
        what: "privacy model",
        text: text.to_owned(),
        remedy: "write e.g. --l distinct:COLUMN:3, --t equal:COLUMN:0.3 or --model k-map:5; \
                 see docs/deident.md",
    };
    let parts: Vec<&str> = text.split(':').collect();
    let (kind, rest) = parts.split_first().ok_or_else(wrong)?;
    let criterion = parse(kind, rest).ok_or_else(wrong)?;
    criterion
        .model
        .check()
        .map_err(|source| DeidentError::Model { text: text.to_owned(), source })?;
    Ok(criterion)
}

/// A bound that is a positive number.
fn bound(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0)
}

fn diversity(kind: &str, rest: &[&str]) -> Option<Criterion> {
    let (column, model) = match (kind, rest) {
        ("distinct", [column, l]) => (column, Model::DistinctL { l: l.parse().ok()? }),
        ("entropy", [column, l]) => (column, Model::EntropyL { l: bound(l)? }),
        ("recursive", [column, c, l]) => {
            (column, Model::RecursiveL { c: bound(c)?, l: l.parse().ok()? })
        }
        _ => return None,
    };
    Some(Criterion::of(*column, model))
}

fn closeness(kind: &str, rest: &[&str]) -> Option<Criterion> {
    let [column, t] = rest else { return None };
    let t = bound(t)?;
    let model = match kind {
        "equal" => Model::EqualT { t },
        "ordered" => Model::OrderedT { t },
        // The hierarchy is read with those of the quasi-identifiers.
        "hierarchical" => Model::HierarchicalT { t, hierarchy: Spec::Flat },
        _ => return None,
    };
    Some(Criterion::of(*column, model))
}

fn other(kind: &str, rest: &[&str]) -> Option<Criterion> {
    Some(match (kind, rest) {
        ("k-map", [k]) => Criterion::whole(Model::KMap { k: k.parse().ok()? }),
        ("k-map-sample", [k, fraction, rest @ ..]) => {
            let (confidence, estimator) = match rest {
                [] => (0.95, Estimator::default()),
                [confidence] => (bound(confidence)?, Estimator::default()),
                [confidence, "poisson"] => (bound(confidence)?, Estimator::Poisson),
                [confidence, "negative-binomial"] => {
                    (bound(confidence)?, Estimator::NegativeBinomial)
                }
                _ => return None,
            };
            let (k, fraction) = (k.parse().ok()?, bound(fraction)?);
            Criterion::whole(Model::SampleKMap { k, fraction, confidence, estimator })
        }
        ("presence", [min, max]) => {
            let (min, max) = (min.parse().ok()?, max.parse().ok()?);
            Criterion::whole(Model::Presence { min, max })
        }
        ("max-risk", [most]) => Criterion::whole(Model::MaximumRisk { most: bound(most)? }),
        ("average-risk", [most]) => Criterion::whole(Model::AverageRisk { most: bound(most)? }),
        ("records-at-risk", [above, most]) => {
            let (above, most) = (bound(above)?, most.parse().ok()?);
            Criterion::whole(Model::RecordsAtRisk { above, most })
        }
        ("persons", [column, k]) => {
            Criterion::of(*column, Model::DistinctPersons { k: k.parse().ok()? })
        }
        ("beta", [column, beta]) => {
            Criterion::of(*column, Model::BasicLikeness { beta: bound(beta)? })
        }
        ("enhanced-beta", [column, beta]) => {
            Criterion::of(*column, Model::Likeness { beta: bound(beta)? })
        }
        ("delta", [column, delta]) => {
            Criterion::of(*column, Model::Disclosure { delta: bound(delta)? })
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{closeness, criterion, diversity, other};

    #[test]
    fn a_model_is_written_as_its_name_its_column_and_its_bounds() {
        for text in [
            "k-map:5",
            "k-map-sample:5:0.1",
            "k-map-sample:5:0.1:0.99:poisson",
            "presence:0:0.5",
            "max-risk:0.2",
            "average-risk:0.05",
            "records-at-risk:0.2:0.1",
            "persons:身份证:5",
            "beta:病名:2",
            "enhanced-beta:病名:2",
            "delta:病名:1",
        ] {
            assert!(criterion(text, other).is_ok(), "{text}");
        }
        assert!(criterion("distinct:病名:3", diversity).is_ok());
        assert!(criterion("hierarchical:病名:0.3", closeness).is_ok());
    }

    #[test]
    fn a_model_that_cannot_be_asked_for_is_named() {
        for text in [
            "k-map",
            "k-map:x",
            "k-map-sample:5",
            "k-map-sample:5:2",
            "k-map-sample:5:0.1:1",
            "presence:0.6:0.5",
            "max-risk:2",
            "persons:5",
            "magic:1",
        ] {
            let error = criterion(text, other).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
        assert!(criterion("equal:病名:-1", closeness).is_err());
        assert!(criterion("distinct:病名:2.5", diversity).is_err());
    }
}
