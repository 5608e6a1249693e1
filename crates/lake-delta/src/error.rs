//! Errors of the layers below in the words of the lake.

use std::error::Error;

use datafusion::error::DataFusionError;
use lake::error::BoxError;
use lake::{LakeError, LimitKind};

use crate::durable::StoppedError;

/// A failure of the storage; a refusal of [`crate::DurableStore`] is told apart.
pub(crate) fn storage(action: &'static str, error: impl Into<BoxError>) -> LakeError {
    let error: BoxError = error.into();
    let mut cause: Option<&(dyn Error + 'static)> = Some(error.as_ref());
    while let Some(current) = cause {
        if current.is::<StoppedError>() {
            return LakeError::Stopped;
        }
        if let Some(io) = current.downcast_ref::<std::io::Error>()
            && io.get_ref().is_some_and(|inner| inner.is::<StoppedError>())
        {
            return LakeError::Stopped;
        }
        cause = current.source();
    }
    LakeError::failed(action, error)
}

/// Who asked, which decides what the engine's complaints mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Our own plan: the engine has no reason to complain.
    Plan,
    /// A person's SQL.
    Sql,
}

/// A failure of the engine.
pub(crate) fn engine(error: DataFusionError, asked: Asked) -> LakeError {
    let root = error.find_root();
    // Patterns are compiled where rows are read, so their mistakes come from there.
    let text = root.to_string();
    let is_pattern = text.contains("CompiledTooBig") || text.contains("did not compile");
    if asked == Asked::Sql && is_pattern {
        return LakeError::sql(
            "正则表达式有误，或者太大",
            "the regular expression is wrong, or too large",
        );
    }
    // The engine says this as an input error inside an Arrow error.
    if root.to_string().contains("disk space during the spilling") {
        return LakeError::Limit { kind: LimitKind::Disk };
    }
    match root {
        DataFusionError::ResourcesExhausted(message) => {
            let kind = if message.contains("disk") { LimitKind::Disk } else { LimitKind::Memory };
            return LakeError::Limit { kind };
        }
        DataFusionError::ObjectStore(_)
        | DataFusionError::IoError(_)
        | DataFusionError::ParquetError(_) => {
            return LakeError::failed("read the files of a table", error);
        }
        DataFusionError::Internal(_) | DataFusionError::ExecutionJoin(_) => {
            return LakeError::failed("run a query", error);
        }
        _ => {}
    }
    match asked {
        Asked::Plan => LakeError::failed("run a query", error),
        Asked::Sql => {
            let message: String = root.strip_backtrace().chars().take(500).collect();
            LakeError::sql(message.clone(), message)
        }
    }
}
