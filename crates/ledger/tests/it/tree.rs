//! The tree over a tenant's log: its follower, tiles, checkpoints, proofs and keys.

mod checkpoints;
mod follower;
mod grower;
mod keys;
mod proofs;
mod tiles;
