//! The areas, on a real database and a lake in memory.

mod gate;
mod registry;
mod stage;
