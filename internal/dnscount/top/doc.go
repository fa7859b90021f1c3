// Package top answers one question: which zones and which clients ask most right now, and does somebody ask for names
// that are made up?
//
// It is for people who are woken, and off unless asked for: it keeps the names of zones and the networks of clients
// in memory for two minutes at most. What leaves it is a hash with a key that only this process has, or else, as
// [Options] say, the zone and the network: never a whole name, never a whole address. Nothing of it is a
// metric: what clients ask must not make series.
//
// All tables have a fixed size, and a query costs no allocation. The counts are those of Space-Saving (Metwally,
// Agrawal and El Abbadi, 2005), with their error; numbers of different things are those of HyperLogLog.
package top
