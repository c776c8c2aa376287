using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Gateway.Authentication;

/// <summary>Represents an access token that Identity issued in exchange for another credential, and its caller.</summary>
internal sealed record ExchangedToken(Caller Caller, string Token);

/// <summary>Exchanges credentials for access tokens at Identity, because services trust nothing else.</summary>
internal sealed class TokenExchange(ServiceHttpInvoker upstream, TokenValidator tokens, TimeProvider clock)
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(4);

    /// <summary>Returns the access token for a credential; null when Identity rejects the credential.</summary>
    /// <param name="path">The path of Identity that takes such credentials.</param>
    /// <param name="credential">The credential, without the scheme.</param>
    /// <exception cref="Unavailable">Identity did not answer.</exception>
    public async Task<ExchangedToken?> RequestAsync(string path, string credential)
    {
        try
        {
            using var timeout = new CancellationTokenSource(RequestTimeout, clock);
            using var request = new HttpRequestMessage(HttpMethod.Post, $"http://identity{path}")
            {
                Headers = { Authorization = new AuthenticationHeaderValue("Bearer", credential) },
            };
            using var response = await upstream.SendAsync(request, timeout.Token);
            if (response.StatusCode == HttpStatusCode.Unauthorized) return null;
            if (!response.IsSuccessStatusCode) throw CannotCheck();
            var issued = (await JsonSerializer.DeserializeAsync<AccessToken>(await response.Content.ReadAsStreamAsync(timeout.Token), Json.Options,
                timeout.Token))!;
            return new(await tokens.ValidateAsync(issued.Token, timeout.Token), issued.Token);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            throw CannotCheck();
        }
    }

    /// <summary>Returns when a token is replaced: well before the token of an open connection is renewed, which then finds a new one.</summary>
    public static DateTimeOffset GetRenewalTime(Caller caller)
    {
        var third = (caller.ExpiresAt - caller.IssuedAt) / 3;
        return caller.ExpiresAt - (third < RenewBefore ? third : RenewBefore);
    }

    private static readonly TimeSpan RenewBefore = TimeSpan.FromSeconds(90);

    private static Unavailable CannotCheck() => new("Credentials cannot be checked at this moment. Retry shortly.", retryAfter: 1);
}
