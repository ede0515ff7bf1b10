using System.Globalization;
using System.Net;
using PRTS.Api.Secrets;

namespace PRTS.Silo.Configuration;

/// <summary>Reads settings by name and collects all that is wrong, so that it is mended in one pass. An empty value is none.</summary>
internal sealed class SettingsReader(Func<string, string?> variable)
{
    public List<string> Problems { get; } = [];

    public string? Text(string name) => variable(name) is { Length: > 0 } value ? value : null;

    /// <summary>What commas separate.</summary>
    public IReadOnlyList<string> List(string name) => (Text(name) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>From the variable itself, or from the file that its name with <c>_FILE</c> names, without the line's end.</summary>
    public SecretText? Secret(string name)
    {
        var file = Text(name + "_FILE");
        if (Text(name) is { } text)
        {
            if (file is not null) Problems.Add($"{name} and {name}_FILE are both set: remove one of them.");
            return SecretText.Of(text);
        }

        if (file is null) return null;
        try
        {
            if (File.ReadAllText(file).TrimEnd('\r', '\n') is { Length: > 0 } read) return SecretText.Of(read);
            Problems.Add($"{name}_FILE is '{file}', which is empty.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Problems.Add($"{name}_FILE is '{file}', which cannot be read: {failure.Message}");
        }

        return null;
    }

    public int Port(string name, int otherwise)
    {
        if (Text(name) is not { } text)
            return otherwise;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536)
            return port;
        Problems.Add($"{name} is '{text}': it must be a port number from 1 to 65535.");
        return otherwise;
    }

    /// <summary>Off unless it is <c>1</c>.</summary>
    public bool Switch(string name)
    {
        var text = Text(name) ?? "0";
        if (text is not ("0" or "1")) Problems.Add($"{name} is '{text}': it must be 1 for on or 0 for off.");
        return text == "1";
    }

    /// <summary>1 or more.</summary>
    public int Whole(string name, int otherwise, int most)
    {
        if (Text(name) is not { } text)
            return otherwise;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= most)
            return number;
        Problems.Add(string.Create(CultureInfo.InvariantCulture, $"{name} is '{text}': it must be a whole number from 1 to {most}."));
        return otherwise;
    }

    public IPAddress Address(string name)
    {
        if (Text(name) is not { } text)
            return IPAddress.Loopback;
        if (IPAddress.TryParse(text, out var address))
            return address;
        Problems.Add($"{name} is '{text}': it must be an IP address such as 192.0.2.10.");
        return IPAddress.Loopback;
    }
}
