// Package authority is the heart of Tokenry: the verbs that change what the ledger
// keeps (workspaces, users, members, service accounts, roles, scopes, resources,
// tokens), and the one gate that decides who may.
//
// Laws of this package:
//
//   - Every verb takes the [Caller] first, asks the gate, changes, and writes its
//     audit event in the same transaction. Nothing else decides permission.
//   - Mutations have one order: each is applied under the head row's lock, gets
//     the next revision, and reads the rights it is judged by under that lock.
//   - A change is told to every [Observer] after it is committed and before it
//     is answered.
//   - Nobody hands on more than they have: whatever grants rights is compared
//     with the caller's own effective grant.
//   - What belongs to another tenant does not exist (not_found), whoever asks.
//   - A secret leaves this package once, in the answer of the verb that made it;
//     what is stored is a keyed digest.
//   - Time and randomness are fields; nothing here sleeps or starts by itself.
package authority
