using System.Text;
using PRTS.Api.Builds;
using PRTS.Api.Secrets;
using PRTS.Execution.Steps;
using PRTS.Execution.Workspaces;

namespace PRTS.Execution.Jobs;

/// <summary>
/// The secrets that a job may use, in memory only: the agent hands them to the job's supervisor, which masks them in the log, and masks
/// them in what it reports itself (docs/adr/0013-masking.md). An agent that adopts a job passes them again.
/// </summary>
public sealed class JobSecrets
{
    private const string Directory = "secrets";
    private const UnixFileMode Reader = UnixFileMode.UserRead;
    private static readonly Dictionary<string, string> Nothing = [];

    /// <summary>Fields are made in the order in which they stand here, and this one needs the one before.</summary>
    public static readonly JobSecrets None = new([]);
    private readonly IReadOnlyDictionary<string, string> named = Nothing;
    private readonly IReadOnlyDictionary<string, string> tokens = Nothing;

    /// <param name="values">As they are, in any order: what is masked, and given to nobody.</param>
    public JobSecrets(IReadOnlyList<string> values) => Values = values;

    /// <param name="named">Values by the secrets' names.</param>
    /// <param name="tokens">Signed tokens by their variables.</param>
    public JobSecrets(IReadOnlyDictionary<string, string> named, IReadOnlyDictionary<string, string>? tokens = null)
    {
        (this.named, this.tokens, Values) = (named, tokens ?? Nothing, [.. named.Values, .. (tokens ?? Nothing).Values]);
        var tooShort = named.Where(secret => SetSecret.IsTooShort(Encoding.UTF8.GetBytes(secret.Value))).Select(secret => SetSecret.TooShort(secret.Key)).ToList();
        if (tooShort.Count > 0) Problem = string.Join(' ', tooShort);
    }

    public IReadOnlyList<string> Values { get; }

    /// <summary>Why the job cannot have what it asks for; null: it has all of it.</summary>
    public string? Problem { get; private init; }

    public static JobSecrets Refused(string problem) => new([]) { Problem = problem };

    /// <summary>The variables of the job's steps that have values, or where they lie.</summary>
    internal IEnumerable<(string Variable, string Value)> Variables(JobAssignment job, IStepHost host) => job.Job.Secrets.Where(secret => named.ContainsKey(secret.Name))
        .Select(secret => (secret.Variable, secret.IsFile ? host.PathOf($"{Directory}/{secret.Variable}") : named[secret.Name]))
        .Concat(tokens.Select(token => (token.Key, token.Value)));

    /// <summary>Lays down those that the job wants as files. May be repeated.</summary>
    internal void Write(JobAssignment job, Workspace workspace)
    {
        foreach (var secret in job.Job.Secrets.Where(secret => secret.IsFile && named.ContainsKey(secret.Name)))
        {
            var path = Path.Combine(workspace.Steps, Directory, secret.Variable);
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Delete(path);
            using (var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Reader }))
                file.Write(Encoding.UTF8.GetBytes(named[secret.Name]));
            workspace.User.TakeOver(path);
        }
    }
}
