/** What is used of jStat, which comes without types. */
declare module 'jstat' {
  const library: {
    readonly jStat: {
      readonly normal: { cdf(x: number, mean: number, deviation: number): number };
      readonly studentt: { cdf(t: number, degrees: number): number; inv(p: number, degrees: number): number };
      readonly noncentralt: { cdf(t: number, degrees: number, noncentrality: number): number };
    };
  };
  export default library;
}
