import {
  AdminDeleteUserCommand,
  AdminGetUserCommand,
  CognitoIdentityProviderClient,
  UserNotFoundException,
} from '@aws-sdk/client-cognito-identity-provider';

/** The Cognito user pool that the stack has made. Its users are named by their `sub`. */
export interface UserPool {
  /** Whether the pool asks the user for a second factor whenever they sign in. False for somebody whom it does not know. */
  hasSecondFactor: (userId: string) => Promise<boolean>;
  /** Forgets the user. Nothing happens when it does not know them. */
  deleteUser: (userId: string) => Promise<void>;
}

/** @param UserPoolId null: tokens come from an issuer of the owner's. @returns null then */
export function connectUserPool(UserPoolId: string | null): UserPool | null {
  if (UserPoolId === null) {
    return null;
  }
  const client = new CognitoIdentityProviderClient({
    requestHandler: { requestTimeout: 3_000, connectionTimeout: 1_000, throwOnRequestTimeout: true },
  });
  return {
    hasSecondFactor: async (Username) => {
      const user = await unlessMissing(client.send(new AdminGetUserCommand({ UserPoolId, Username })));
      return (user?.UserMFASettingList ?? []).length > 0;
    },
    deleteUser: async (Username) => {
      await unlessMissing(client.send(new AdminDeleteUserCommand({ UserPoolId, Username })));
    },
  };
}

async function unlessMissing<Output>(answer: Promise<Output>): Promise<Output | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof UserNotFoundException) {
      return null;
    }
    throw error;
  }
}
