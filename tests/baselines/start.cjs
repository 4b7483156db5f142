// The start of a function in JavaScript that does what ours do: clients, the keyring, the first call for work.
const http = require("node:http");
const { DynamoDBClient } = require("@aws-sdk/client-dynamodb");
const { GetSecretValueCommand, SecretsManagerClient } = require("@aws-sdk/client-secrets-manager");

async function main() {
  const table = new DynamoDBClient({});
  const secrets = new SecretsManagerClient({});
  const answer = await secrets.send(new GetSecretValueCommand({ SecretId: process.env.PORTICO_KEYRING_SECRET }));
  const keyring = JSON.parse(answer.SecretString);
  http.get(`http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/next`, () => {
    console.log(table, keyring);
  });
}

main();
