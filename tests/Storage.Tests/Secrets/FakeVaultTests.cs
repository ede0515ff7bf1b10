using System.Text.Json;
using PRTS.Shared;
using PRTS.Tests;

namespace PRTS.Storage.Tests.Secrets;

/// <summary>The fake of Vault's API, driven by npm's node-vault: what that client understands is what Vault would have said.</summary>
public sealed class FakeVaultTests
{
    private const string Script = """
        const [address, role, secret] = process.argv.slice(-3);
        const vault = require('node-vault')({ apiVersion: 'v1', endpoint: address });
        const base64 = text => Buffer.from(text).toString('base64');
        const refused = call => call.then(() => 'accepted', error => `${error.response.statusCode} ${error.message}`);
        (async () => {
          const said = {};
          said.wrongRole = await refused(vault.approleLogin({ role_id: role, secret_id: 'wrong' }));
          const login = await vault.approleLogin({ role_id: role, secret_id: secret });
          vault.token = login.auth.client_token;
          said.lookup = (await vault.tokenLookupSelf()).data.renewable;
          said.renewed = (await vault.tokenRenewSelf()).auth.lease_duration;

          await vault.transitCreateKey({ name: 'k' });
          const sealed = (await vault.encryptData({ name: 'k', plaintext: base64('data'), associated_data: base64('context') })).data.ciphertext;
          said.opened = Buffer.from((await vault.decryptData({ name: 'k', ciphertext: sealed, associated_data: base64('context') })).data.plaintext, 'base64').toString();
          said.otherContext = await refused(vault.decryptData({ name: 'k', ciphertext: sealed, associated_data: base64('other') }));
          await vault.write('transit/keys/k/rotate', {});
          said.version = (await vault.transitReadKey({ name: 'k' })).data.latest_version;
          const again = (await vault.rewrapData({ name: 'k', ciphertext: sealed, associated_data: base64('context') })).data.ciphertext;
          said.prefixes = [sealed, again].map(text => text.slice(0, 9));
          await vault.write('transit/keys/k/config', { min_decryption_version: 2 });
          said.tooOld = await refused(vault.decryptData({ name: 'k', ciphertext: sealed, associated_data: base64('context') }));
          said.stillOpens = Buffer.from((await vault.decryptData({ name: 'k', ciphertext: again, associated_data: base64('context') })).data.plaintext, 'base64').toString();

          await vault.write('secret/data/app', { data: { password: 'one' } });
          await vault.write('secret/data/app', { data: { password: 'two' } });
          said.newest = (await vault.read('secret/data/app')).data.data.password;
          said.first = (await vault.read('secret/data/app?version=1')).data.data.password;
          await vault.write('kv1/app', { password: 'three' });
          said.kv1 = (await vault.read('kv1/app')).data.password;
          said.missing = await refused(vault.read('secret/data/none'));
          vault.token = 'hvs.wrong';
          said.wrongToken = await refused(vault.read('secret/data/app'));
          console.log(JSON.stringify(said));
        })().catch(error => { console.error(error); process.exit(1); });
        """;

    [Fact]
    public async Task NodeVault_DrivesTheFake_AndUnderstandsIt()
    {
        await using var vault = await FakeVault.Start();

        var output = await Commands.Run(
            "node", ["-e", Script, vault.Address.ToString().TrimEnd('/'), FakeVault.RoleId, FakeVault.SecretId], environment: new Dictionary<string, string>(StringComparer.Ordinal) { ["NODE_PATH"] = Modules() });

        using var expected = JsonDocument.Parse("""
            {
              "wrongRole": "400 invalid role or secret ID", "lookup": true, "renewed": 3600, "opened": "data", "otherContext": "400 invalid ciphertext: unable to decrypt",
              "version": 2, "prefixes": ["vault:v1:", "vault:v2:"], "tooOld": "400 ciphertext or signature version is disallowed by policy (too old)", "stillOpens": "data",
              "newest": "two", "first": "one", "kv1": "three", "missing": "404 Status 404", "wrongToken": "403 permission denied"
            }
            """);
        using var said = JsonDocument.Parse(output);
        Assert.True(JsonElement.DeepEquals(expected.RootElement, said.RootElement), output);
    }

    /// <summary>Where npm has put node-vault: beside the programs on the PATH, or above this folder.</summary>
    private static string Modules()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(folder => folder.EndsWith("node_modules/.bin", StringComparison.Ordinal)).Select(folder => Path.GetDirectoryName(folder)!).ToList();
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent) folders.Add(Path.Combine(at.FullName, "node_modules"));
        return folders.Find(folder => Directory.Exists(Path.Combine(folder, "node-vault")))
            ?? throw new InvalidOperationException("This test needs node-vault: npm install in tests/Storage.Tests.");
    }
}
