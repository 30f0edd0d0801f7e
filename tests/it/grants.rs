//! Row grants: an auditor whose membership gives a part of the entries gets no other by any operation.

mod membership;
mod operations;
mod setting;
