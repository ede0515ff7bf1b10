using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using PRTS.Tests;

namespace PRTS.Saml.Tests;

/// <summary>The npm package samlp as identity provider.</summary>
public sealed partial class SamlpFixture : IAsyncLifetime
{
    private readonly HttpClient http = new();
    private ServerProcess server = null!;

    public Uri Url => new($"http://127.0.0.1:{server.Port}/");

    public async ValueTask InitializeAsync()
    {
        var node = ServerProcess.Find("node") ?? throw new InvalidOperationException("These tests need node.");
        var modules = NodeModules.With("samlp");
        server = await ServerProcess.Start((port, directory) =>
        {
            File.WriteAllText(Path.Combine(directory, "idp.crt"), TestKeys.Rsa.ExportCertificatePem());
            File.WriteAllText(Path.Combine(directory, "idp.key"), TestKeys.Rsa.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem());
            File.WriteAllText(Path.Combine(directory, "sp.crt"), TestKeys.Ours.ExportCertificatePem());
            File.WriteAllText(Path.Combine(directory, "sp.pub"), TestKeys.Ours.GetRSAPublicKey()!.ExportSubjectPublicKeyInfoPem());
            return [node, Path.Combine(AppContext.BaseDirectory, "Peers", "samlp.js"), port, modules, directory];
        });
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await server.DisposeAsync();
    }

    public Task<byte[]> Metadata() => http.GetByteArrayAsync(new Uri(Url, "FederationMetadata/2007-06/FederationMetadata.xml"));

    /// <summary>Goes where a browser is redirected to, and gives back the form that it would post.</summary>
    public async Task<byte[]> Visit(string url)
    {
        using var answer = await http.GetAsync(new Uri(url));
        return await FormOf(answer);
    }

    /// <summary>Posts a form as a browser would, and gives back the form that it would post next.</summary>
    public async Task<byte[]> Submit(SamlPost post)
    {
        using var fields = new FormUrlEncodedContent(post.Fields);
        using var answer = await http.PostAsync(new Uri(post.Action), fields);
        return await FormOf(answer);
    }

    private static async Task<byte[]> FormOf(HttpResponseMessage answer)
    {
        var page = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, page);
        using var fields = new FormUrlEncodedContent(Field().Matches(page).Select(field => KeyValuePair.Create(field.Groups["name"].Value, WebUtility.HtmlDecode(field.Groups["value"].Value))));
        return await fields.ReadAsByteArrayAsync();
    }

    [GeneratedRegex("""<input type="hidden"\s+name="(?<name>\w+)"\s+value="(?<value>[^"]*)">""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Field();
}
