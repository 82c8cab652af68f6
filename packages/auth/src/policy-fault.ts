/** What is wrong with a policy document. Thrown inside this package only: `compilePolicy` turns it into its `fault`. */
export class PolicyFault extends Error {}
