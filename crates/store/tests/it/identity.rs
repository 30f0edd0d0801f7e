//! People, tenants and credentials on a real database, as the roles that the program works as.

mod credentials;
mod house;
mod invitations;
mod outbox;
mod sessions;
mod sign_in;
mod tenants;
mod walls;
