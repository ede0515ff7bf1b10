using System.Globalization;
using System.Text;
using PRTS.Contracts.Projects;

namespace PRTS.Storage.Git;

/// <summary>Commits that PRTS itself makes: the first one of a sample or template project.</summary>
public static class FirstCommit
{
    /// <summary>Commits the files (path to content) as the first commit of the branch, in one transaction of <c>git fast-import</c>.</summary>
    /// <exception cref="GitException">The branch has commits already.</exception>
    public static async Task CommitFiles(
        this Repositories repositories, ProjectId id, string branch, IReadOnlyDictionary<string, byte[]> files, string message, DateTimeOffset at,
        CancellationToken cancellationToken = default)
    {
        var (exitCode, _, errors) = await GitCommand.Talk(
            repositories.Path(id),
            ["fast-import", "--quiet", "--done", "--date-format=raw"],
            async (input, output, cancel) =>
            {
                var text = Encoding.UTF8.GetBytes(message);
                await Say(input, string.Create(CultureInfo.InvariantCulture, $"commit refs/heads/{branch}\ncommitter PRTS <prts@localhost> {at.ToUnixTimeSeconds()} +0000\ndata {text.Length}\n"), cancel);
                await input.WriteAsync(text, cancel);
                foreach (var (path, content) in files.OrderBy(file => file.Key, StringComparer.Ordinal))
                {
                    var mode = path.EndsWith(".sh", StringComparison.Ordinal) ? "100755" : "100644";
                    await Say(input, string.Create(CultureInfo.InvariantCulture, $"\nM {mode} inline {path}\ndata {content.Length}\n"), cancel);
                    await input.WriteAsync(content, cancel);
                }

                await Say(input, "\ndone\n", cancel);
                await input.FlushAsync(cancel);
                return true;
            },
            cancellationToken);
        if (exitCode != 0)
            throw new GitException("fast-import", errors);
    }

    private static ValueTask Say(Stream input, string line, CancellationToken cancellationToken) =>
        input.WriteAsync(Encoding.UTF8.GetBytes(line), cancellationToken);
}
