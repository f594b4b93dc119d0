// Package trust decides whether an ID token of somebody else's system fits a rule: pure
// functions of the rule, the token and the time. Who signed the token is not asked here.
//
// Laws of this package:
//
//   - A rule says what has to hold: the issuer and the audience to the byte, and every
//     claim that it names. What it cannot read in a token does not hold.
//   - A star stands for one character or more and never for a / or a :, so that no
//     value of another owner, branch or environment can be made to fit.
//   - Of an issuer that many customers share, a rule names whose token it means, or it is
//     no rule.
//   - What a system lets strangers cause (a pull request, a person's shell in a job) fits a
//     rule only where the rule says so.
//   - A name can be given to somebody else, a number cannot: a rule by names alone is
//     warned of.
package trust
