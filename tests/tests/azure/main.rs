//! The whole way on Azure Container Apps, with the real binary and the real component: as it should
//! go, and on bad days; and the same with a published API description for a judge.

mod described;
mod faults;
mod refused;
mod standin;
mod straight;
mod world;
