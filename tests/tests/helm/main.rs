//! The whole way of the helm sink, with the real binary, the real component, a real helm and a real
//! Kubernetes API: as it should go, what is refused, and bad days.

mod bad_days;
mod refused;
mod rights;
mod straight;
mod styles;
mod world;
