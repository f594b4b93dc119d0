// Package filelock keeps a file to one process, by a lock that the kernel drops with
// the process that holds it, however that ends. The lock is on a file of its own beside
// what it guards, because closing a database's own file would drop the database's locks.
package filelock
