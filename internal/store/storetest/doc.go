// Package storetest is the suite that every [ledger.Store] passes, and the
// databases that tests run on.
//
// Laws of this package:
//
//   - Each subtest has a store of its own, empty when it begins.
//   - What the contract says is tested through the contract alone; nothing here
//     knows an engine.
//   - A missing PostgreSQL skips a test and says why, except with
//     TOKENRY_TEST_REQUIRE=1, which fails it. TOKENRY_TEST_POSTGRES names a
//     server to use instead of one that is started for the test binary, and
//     TOKENRY_TEST_TEMPLATE the database there that all binaries of a run copy.
//   - Nothing is left behind: a server ends with the process that started it,
//     also when that is killed.
package storetest
