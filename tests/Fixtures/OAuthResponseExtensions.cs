using System.Text.Json.Nodes;

namespace MedCor.Tests.Fixtures;

/// <summary>Reads the responses of the authorization server (RFC 6749, sections 5.1 and 5.2).</summary>
internal static class OAuthResponseExtensions
{
    public static string AccessToken(this JsonNode tokens) => (string)tokens["access_token"]!;

    public static string RefreshToken(this JsonNode tokens) => (string)tokens["refresh_token"]!;

    public static string IdToken(this JsonNode tokens) => (string)tokens["id_token"]!;

    public static string? OAuthError(this JsonNode refused) => (string?)refused["error"];
}
