// Package authority is the one gate and the one batch. The gate establishes who a
// caller is and what they may do at one moment; the batch applies changes in one
// order. The verbs stand in rooms above, by what they are about (tokens, owners,
// rights, outbox, retention, insight), and are all made of what is here.
//
// Laws of this package:
//
//   - A verb takes the [Caller] first (those that take none are named in one tested
//     list, with the reason), asks the gate ([Authority.Enter]), changes, and
//     writes its audit event in the same transaction ([Work.Note]). Nothing else
//     decides permission.
//   - Mutations have one order: each is applied under the head row's lock, gets
//     the next revision, and reads the rights it is judged by under that lock.
//   - A mutation says its [Effect]. What only takes power away goes first, and is
//     refused by nothing that only giving has to wait for.
//   - A change is told to every [Observer] after it is committed and before it
//     is answered.
//   - Nobody hands on more than they have: whatever grants rights is compared
//     with the caller's own effective grant ([Actor.Cover]).
//   - What belongs to another tenant does not exist (not_found), whoever asks.
//   - What is dear to work out is worked out while nobody waits.
//   - Time and randomness are fields; nothing here sleeps or starts by itself.
package authority
