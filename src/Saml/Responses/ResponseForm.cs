using System.Net;
using System.Text;
using PRTS.Saml.Xml;

namespace PRTS.Saml.Responses;

/// <summary>The form that a browser posts for the identity provider (HTTP-POST binding).</summary>
internal sealed record ResponseForm(byte[] Document, string? RelayState)
{
    /// <summary>In bytes: base64 of the longest document, with some of it percent-encoded.</summary>
    public const int MaximumLength = 2 * SafeXml.MaximumLength;
    private const int LongestRelayState = 2048;

    public static Step<ResponseForm> Read(ReadOnlySpan<byte> form)
    {
        if (form.Length > MaximumLength)
            return new SamlResult.Rejected(SamlRejection.TooLarge, $"The form has {form.Length} bytes, more than the {MaximumLength} that are read.");

        string? response = null, relayState = null;
        foreach (var field in Encoding.Latin1.GetString(form).Split('&'))
        {
            var (name, value) = field.Split('=', 2) is [var before, var after] ? (before, after) : (field, "");
            switch (WebUtility.UrlDecode(name))
            {
                case "SAMLResponse" when response is not null:
                case "RelayState" when relayState is not null:
                    return new SamlResult.Rejected(SamlRejection.Form, $"The form has the field {name} twice.");
                case "SAMLResponse":
                    response = WebUtility.UrlDecode(value);
                    break;
                case "RelayState":
                    relayState = WebUtility.UrlDecode(value);
                    break;
            }
        }

        if (string.IsNullOrEmpty(response)) return new SamlResult.Rejected(SamlRejection.Form, "The form has no field SAMLResponse.");
        if (relayState?.Length > LongestRelayState) return new SamlResult.Rejected(SamlRejection.TooLarge, $"The form's RelayState has more than {LongestRelayState} characters.");
        return Base64.Read(response) is { } document
            ? new ResponseForm(document, relayState)
            : new SamlResult.Rejected(SamlRejection.Encoding, "The form's SAMLResponse is no base64.");
    }
}
