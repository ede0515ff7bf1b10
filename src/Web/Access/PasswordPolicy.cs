namespace PRTS.Web.Access;

/// <summary>What a password must be: long enough, and none of those that are tried first (NIST SP 800-63B, section 5.1.1.2).</summary>
public static class PasswordPolicy
{
    public const int Shortest = 8;
    public const int Longest = 1024;

    private static readonly HashSet<string> TriedFirst = new(StringComparer.OrdinalIgnoreCase)
    {
        "password", "password1", "password12", "password123", "passw0rd", "12345678", "123456789", "1234567890", "11111111", "00000000",
        "qwertyuiop", "qwerty123", "qwerty1234", "1q2w3e4r", "1q2w3e4r5t", "iloveyou", "sunshine", "princess", "football", "baseball",
        "welcome1", "welcome123", "letmein1", "letmein123", "admin123", "admin1234", "administrator", "changeme", "changeme1", "trustno1",
        "superman", "starwars", "whatever", "abcdefgh", "abcd1234", "abc12345", "asdfghjkl", "zxcvbnm1", "dragon123", "monkey123",
        "secret123", "p@ssw0rd", "p@ssword", "computer", "internet", "michelle", "jennifer", "88888888", "87654321", "987654321",
    };

    /// <summary>What is wrong and what would be right; null when nothing is.</summary>
    /// <param name="name">The account's.</param>
    public static string? Problem(string password, string? name) =>
        password.Length is < Shortest or > Longest ? $"The password has {password.Length} characters; it must have {Shortest} to {Longest}."
        : TriedFirst.Contains(password) || password.Distinct().Count() <= 2 ? "This password is one of those that are tried first. Take several words, or let a password manager make one."
        : name is { Length: > 3 } && password.Contains(name, StringComparison.OrdinalIgnoreCase) ? "The password must not contain the account's name."
        : null;
}
