using System.Text.Json;
using System.Text.Json.Serialization;

namespace PRTS.Cli.Up;

/// <summary><c>$PRTS_HOME/admin.json</c>: how the first administrator of this machine's PRTS gets in.</summary>
internal sealed record AdminFile
{
    public required string Url { get; init; }
    public required string User { get; init; }
    public required string Password { get; init; }
    public required string Token { get; init; }

    /// <summary>Null when there is none; throws when there is one that can't be read.</summary>
    public static AdminFile? Read(Home home)
    {
        try
        {
            return File.Exists(home.AdminFile) ? JsonSerializer.Deserialize(File.ReadAllText(home.AdminFile), AdminFileJson.Default.AdminFile) : null;
        }
        catch (Exception error) when (error is JsonException or UnauthorizedAccessException)
        {
            throw new UserError($"{home.AdminFile} cannot be read ({error.Message.TrimEnd('.')}). Set PRTS_URL and PRTS_TOKEN instead.");
        }
    }

    /// <summary>The file outlives a change of port.</summary>
    public AdminFile WithUrl(Home home, string url)
    {
        if (url == Url)
        {
            return this;
        }

        var changed = this with { Url = url };
        var temporary = home.AdminFile + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        using (var file = new FileStream(temporary, options))
        {
            JsonSerializer.Serialize(file, changed, AdminFileJson.Default.AdminFile);
        }

        File.Move(temporary, home.AdminFile, overwrite: true);
        return changed;
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(AdminFile))]
internal sealed partial class AdminFileJson : JsonSerializerContext;
