/** A rule that is not of the policy language; the text says what would be right. */
export class RuleInvalid extends Error {}
