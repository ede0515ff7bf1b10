using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using PRTS.Silo.Configuration;
using PRTS.Web.Gateway;

namespace PRTS.Silo.Cluster;

/// <summary>
/// What a machine needs that has nothing of PRTS yet: a script that fetches the agent from here and starts it, and the agent. Both are for
/// those who have a join token that is still good; neither uses it up.
/// </summary>
public static class AgentProgram
{
    /// <summary>As they lie beside the server's own program.</summary>
    private static readonly string[] Parts = ["agent", "cli", "supervisor"];

    public static void MapAgentProgram(this RouteGroupBuilder cluster)
    {
        var agent = cluster.MapGroup("/agent");
        agent.AddEndpointFilter(async (context, next) => await ClusterEndpoints.MayFetch(context.HttpContext) ? await next(context) : ClusterEndpoints.BadToken());
        agent.MapGet("/install.sh", (HttpContext http, GatewayOptions gateway, ServerOptions options) =>
            TypedResults.Text(Script(options.PublicUrl, ClusterEndpoints.Bearer(http), gateway.Trust()), "text/x-shellscript"));
        agent.MapGet("/program.tar.gz", () => TypedResults.Stream(Write, "application/gzip"));
    }

    /// <summary>A machine that has nothing of ours also trusts nothing of ours: it keeps our authority where the agent looks for it.</summary>
    private static string Fetch(string? trust) => trust is null ? "fetch() { curl -fsS \"$@\"; }" : $$"""
        mkdir -p "$home/tls"
        cat >"$home/tls/trust.pem" <<'END'
        {{trust.Trim()}}
        END
        fetch() { curl -fsS --cacert "$home/tls/trust.pem" "$@"; }
        """;

    private static string Script(string url, string token, string? trust) => $$"""
        # Fetches the PRTS agent from its server, and starts it in this terminal.
        set -eu
        url='{{url}}'
        token='{{token}}'
        [ "$(id -u)" = 0 ] && home=/var/lib/prts-agent || home=$HOME/.prts-agent
        home=${PRTS_AGENT_INSTALL:-$home}
        export PRTS_HOME=$home
        {{Fetch(trust)}}
        fail() { printf 'prts: %s\n' "$*" >&2; exit 1; }
        [ "$(uname -sm)" = 'Linux {{Machine}}' ] || fail "this server has the agent for Linux on {{Machine}}, not for $(uname -sm): start it from a checkout of PRTS"
        command -v git >/dev/null || fail "git is missing (Debian, Ubuntu: apt-get install git)"
        dotnet=$(command -v dotnet) && "$dotnet" --list-runtimes | grep -q '^Microsoft.AspNetCore.App {{Environment.Version.Major}}\.' ||
          fail "the ASP.NET Core {{Environment.Version.Major}} runtime is missing: https://dotnet.microsoft.com/download/dotnet/{{Environment.Version.Major}}.0"
        export DOTNET_ROOT=$(dirname "$(readlink -f "$dotnet")")
        rm -rf "$home/program.new" "$home/program.old"
        mkdir -p "$home/program.new"
        fetch -H "Authorization: Bearer $token" "$url/cluster/agent/program.tar.gz" | tar -xz -C "$home/program.new"
        [ ! -d "$home/program" ] || mv "$home/program" "$home/program.old"
        mv "$home/program.new" "$home/program"
        rm -rf "$home/program.old"
        printf 'prts: once it has joined, start it again with: PRTS_HOME=%s %s agent start --url %s%s\n' "$home" "$home/program/cli/prts" "$url" "${*:+ $*}" >&2
        exec "$home/program/cli/prts" agent start --url "$url" --token "$token" "$@" </dev/null

        """;

    private static string Machine => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "aarch64" : "x86_64";

    private static async Task Write(Stream output)
    {
        var root = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, ".."));
        await using var packed = new GZipStream(output, CompressionLevel.Fastest);
        await using var tar = new TarWriter(packed, TarEntryFormat.Pax);
        foreach (var file in Parts.SelectMany(part => Directory.EnumerateFiles(Path.Combine(root, part), "*", SearchOption.AllDirectories)).Order(StringComparer.Ordinal))
        {
            if (Path.GetExtension(file) is not (".pdb" or ".dbg" or ".built"))
                await tar.WriteEntryAsync(file, Path.GetRelativePath(root, file));
        }
    }
}
