/** What a deployment tells the page, in `config.json` beside it. */
export interface PageConfig {
  /** Shown in the head of the page. */
  name: string;
  /** Where the API answers: an absolute address, or a path of the page's own origin. */
  apiUrl: string;
  issuer: string;
  clientId: string;
  /** The scopes to ask for, separated by blanks. */
  scope: string;
  /** For an issuer whose discovery document names no end of sessions, as Cognito's. */
  signOutUrl: string | null;
  hasLetters: boolean;
  /** Null where the owner has not named the publishable key: cards that need their holder are finished elsewhere. */
  stripe: { publishableKey: string; scriptUrl: string } | null;
}
