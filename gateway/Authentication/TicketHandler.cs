using MedCor.ChatStreams;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Authentication;

/// <summary>Authenticates callers by a ticket in the query, which is exchanged for the token or API key that it was issued for.</summary>
internal sealed class TicketHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, TicketStore tickets, TokenValidator tokens, ChatAuthenticator callers,
    ApiKeyTokens apiKeys) : CredentialHandler(options)
{
    public const string SchemeName = "Ticket";

    /// <summary>The name of the query parameter.</summary>
    public const string Parameter = "ticket";

    protected override async ValueTask<CallerIdentity> IdentifyAsync()
    {
        var token = await tickets.RedeemAsync(Request.Query[Parameter].ToString(), Request.Path);
        if (ApiKeyTokens.IsKey(token))
            return CallerIdentity.ForKey(SchemeName, await apiKeys.ExchangeAsync(token, Context.Connection.RemoteIpAddress, Context.RequestAborted), token);
        var authorization = CallerIdentity.FormatAuthorization(token);
        return Context.GetEndpoint()!.Metadata.GetMetadata<AcceptsServerTokenMetadata>() is null
            ? CallerIdentity.For(SchemeName, await tokens.ValidateAsync(token, Context.RequestAborted), authorization)
            : CallerIdentity.For(SchemeName, await callers.ValidateAsync(token, Context.RequestAborted), authorization);
    }
}
