// Package clock says what time it is, and when that cannot be told.
//
// Its laws:
//   - What it gives never runs back. A machine's clock that is set back by up to
//     [Bridge] is bridged: time goes on at half speed until the machine's clock has
//     caught up. A small step ahead is followed. The latest moment that was
//     committed is known again after a restart.
//   - A larger step that no time of the machine explains, running or asleep, leaves
//     it unsettled. Then it goes on from where it was, and whoever gives power asks
//     [Clock.Doubt] first. It settles itself once the machine's clock is back; else
//     an operator says which time is right.
//   - At a start a later time is normal: the program was stopped.
//   - Where several share a database, its clock is the machine's that all watch
//     ([Remote]), so that they judge alike whatever their own show.
//   - Deciding is one pure function over readings; only [Host] reads clocks.
package clock
