using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using MedCor.Chat.LanguageModel;
using MedCor.Chat.Prompts;
using MedCor.Chat.Runs;
using MedCor.ChatStreams;
using MedCor.Clinical.Audit;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Gateway.Authentication;
using MedCor.Gateway.Chat;
using MedCor.Gateway.Endpoints;
using MedCor.Gateway.Forwarding;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.LiveEvents;
using MedCor.Gateway.LiveEvents.WebSockets;
using MedCor.Gateway.ToolInvocation;
using MedCor.Identity.Authorization;
using MedCor.Identity.Duplicates;
using MedCor.Identity.Federation;
using MedCor.Identity.Mails;
using MedCor.Identity.Merges;
using MedCor.Identity.Patients;
using MedCor.Identity.SecondFactors;
using MedCor.Identity.ServiceAccounts;
using MedCor.Identity.Sessions;
using MedCor.Platform.Audit;
using MedCor.Platform.Encryption;
using MedCor.Platform.Erasures;
using MedCor.Platform.Idempotency;
using MedCor.Platform.Limits;
using MedCor.Platform.Messaging;
using MedCor.Platform.Retention;
using MedCor.Platform.Secrets;
using MedCor.ServiceDefaults;
using Microsoft.Extensions.Configuration;

namespace MedCor.Tests.Architecture;

/// <summary>Tests that docs/limits.md matches the code.</summary>
public sealed class DocumentedLimitsTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(MedCorFixture.RepositoryRoot(), "docs/limits.md"));

    /// <summary>Gets every setting of the gateway and of Chat that sets a limit.</summary>
    public static TheoryData<string> Variables =>
    [
        .. from options in (Type[])[typeof(LimitOptions), typeof(LiveEventOptions), typeof(ChatStreamOptions), typeof(ReferenceDataCacheOptions),
            typeof(ModelOptions), typeof(ChatLimits)]
           from property in options.GetProperties()
           let name = property.GetCustomAttribute<ConfigurationKeyNameAttribute>()?.Name
           where name is not null && (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) is var type
               && (type == typeof(int) || type == typeof(long))
           select name,
    ];

    [Theory, MemberData(nameof(Variables))]
    public void Every_limit_setting_is_documented_in_limits_and_configuration(string variable)
    {
        Assert.Contains($"`{variable}`", Page, StringComparison.Ordinal);
        Assert.Contains($"`{variable}`", File.ReadAllText(Path.Combine(MedCorFixture.RepositoryRoot(), "docs", "configuration.md")), StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Bounds => new()
    {
        { "connections at a gateway", Number(LimitOptions.UsualConnections) },
        { "connections at a gateway", Size(LimitOptions.MemoryOfConnection) },
        { "connections of one address at a gateway", Number(LimitOptions.DefaultConnectionsPerAddress) },
        { "trusted proxies that a call passes", Number(new LimitOptions().TrustedHops) },
        { "time until the headers are whole", Seconds(ConnectionLimiter.HeadersTimeout) },
        { "a connection on which nothing is asked", $"{ConnectionLimiter.IdleTimeout.TotalMinutes} min" },
        { "a body |", Size(MedCorDefaults.MaxRequestBodySize) },
        { "a body |", Size(RequestBody.MaxDrainedBytes) },
        { "a body at `/api/auth/`", Size(ForwardedEndpoints.MaxBodySize) },
        { "time until a body is whole", Seconds(RequestBody.ReadTimeout) },
        { $"pace of a body once {Seconds(ConnectionLimiter.BodyRateGracePeriod)}", Number(ConnectionLimiter.MinBytesPerSecond) },
        { "calls a minute of one caller", Number(new LimitOptions().CallsPerMinute) },
        { "callers and addresses that are counted", Number(RedisRateLimiter.MaxCallers) },
        { "attempts to log in, to reset and to set a password", Number(new LimitOptions().CallsPerMinute) },
        { "requests for tokens", Number(new LimitOptions().GetLimit(RateLimitPolicy.TokenAttempts)) },
        { "requests for tokens", Number(new LimitOptions().GetLimit(RateLimitPolicy.Tokens)) },
        { "registrations of OAuth clients", Number(new LimitOptions().GetLimit(RateLimitPolicy.Registrations)) },
        { "those of them that fail", Number(new LimitOptions().EffectiveLogInsPerMinute) },
        { "failed attempts in a row with one e-mail address from one network", Number(LockOut.FreeAttempts) },
        { "failed attempts in a row with one e-mail address from all networks", Number(LockOut.FreeAttemptsOfStrangers) },
        { "failed attempts in a row with one e-mail address in one browser", Number(LockOut.FreeAttempts) },
        { "failed attempts in a row with one e-mail address in one browser", Number((int)KnownDevice.Lifetime.TotalDays) },
        { "an idempotency key", Number(IdempotencyKey.MaxLength) },
        { "requests, messages and answers", Size(new LimitOptions().MaxBufferedBytes) },
        { "bodies in the memory of a service", Seconds(RequestMemoryLimiter.QueueTimeout) },
        { "what a service reads to answer", Seconds(RequestMemoryLimiter.QueueTimeout) },
        { "a call at its service", Seconds(ServiceForwarder.RequestTimeout) },
        { "hospitals whose encryption keys", Number(DataKeys.MaxHospitals) },
        { "hospitals whose encryption keys", $"{DataKeys.Lifetime.TotalMinutes} min" },
        { "rows that are encrypted again", Number(IEncryptedTable.PageSize) },
        { "events that were published", $"{OutboxRetention.Retention.TotalDays} days" },
        { "IDs of handled events", $"{InboxRetention.Retention.TotalDays} days" },
        { "results for idempotency keys", $"{IdempotencyStore.Retention.TotalHours} h" },
        { "IDs of erased users", $"{ErasureRetention.Retention.TotalHours} h" },
        { "former data keys", $"{ReencryptionService.RetiredLifetime.TotalDays} days" },
        { "chats: questions", $"{ChatRunRetention.RetentionPeriod.TotalDays} days" },
        { "tokens that a user or hospital has used", $"{UsageRetention.RetentionDays} days" },
        { "guided prompts", $"{PromptEngine.SessionLifetime.TotalHours} h" },
        { "failed logins", $"{LockOut.ForgetAfter.TotalDays} day" },
        { "networks and browsers", $"{LockOut.KnownFor.TotalDays} days" },
        { "API keys that have ended", $"{ServiceAccountRetention.KeptFor.TotalDays} days" },
        { "OAuth clients that no user", $"{AuthorizationRetention.Unused.TotalDays} day" },
        { "age of what", Seconds(WellKnownEndpoints.RefreshInterval) },
        { "one thing", Size(ResponseBuffer.MaxEntityLength) },
        { "active periods of a doctor", Number(ActivePeriods.MaxPeriods) },
        { "an answer | 16", Size(ResponseBuffer.MaxLength) },
        { "time in which an answer is taken", Seconds(ResponseSender.SendTimeout) },
        { "lines of an export of the audit trail", Number(ExportedAuditEvent.MaxLines) },
        { "patients of others whose data one person sees", Number(new AuditAlertOptions().BulkReadsPerHour) },
        { "refused calls and logins of one person", Number(new AuditAlertOptions().FailuresPerHour) },
        { "years for which the audit trail is kept", $"{new AuditRetentionOptions().RetentionYears}, at least {AuditRetentionOptions.MinYears}" },
        { "what is kept of reference data", $"{new ReferenceDataCacheOptions().TimeToLiveSeconds} s" },
        { "WebSockets of a user", Number(new LimitOptions().MaxSocketsPerUser) },
        { "event streams of a user", Number(new LimitOptions().MaxStreamsPerUser) },
        { "both of all users", Number(new LimitOptions().MaxListeners) },
        { "exports of a user", Number(OpenConnectionLimiter.MaxExportsPerUser) },
        { "rows of an export", Number(ExportPage.MaxRows) },
        { "an export |", $"{SessionOptions.MaxRenewalWithoutRefresh.TotalHours} h" },
        { "MCP subscriptions of a user", Number(OpenConnectionLimiter.MaxSubscriptionsPerUser) },
        { "WebSockets of an address on", Number(OpenConnectionLimiter.MaxAnonymousPerAddress) },
        { "WebSockets of all on which", Number(OpenConnectionLimiter.MaxAnonymous) },
        { "time until a message is whole", Seconds(WebSocketMessage.ReceiveTimeout) },
        { "a line of an event stream", Size(LiveEvent.MaxLineLength) },
        { "events that wait for a listener", Number(MedCor.Gateway.LiveEvents.EventSubscriber.MaxQueuedItems) },
        { "events that wait for a listener", Size(MedCor.Gateway.LiveEvents.EventSubscriber.MaxQueuedBytes) },
        { "events of a hospital that are kept", Number(LiveEventStore.MaxEntries) },
        { "events of a hospital that are kept", Size(LiveEventStore.MaxHospitalBytes) },
        { "events of all hospitals", Size(LiveEventStore.MaxTotalBytes) },
        { "answers of tools that are kept", Size(LiveEventStore.MaxToolResponseBytes) },
        { "of them for one person", Size(LiveEventStore.MaxToolResponseBytesPerUser) },
        { "tickets of a user", Size(TicketStore.MaxUserBytes) },
        { "tickets of a hospital", Size(TicketStore.MaxHospitalBytes) },
        { "events of a hospital that are recognized", Number(LiveEventStore.MaxEntries) },
        { "time between signs of life", $"{new LiveEventOptions().HeartbeatSeconds} s" },
        { "messages of a question", Number(ExecuteCall.MaxMessages) },
        { "what Redis keeps of a user's answers", Size(ChatStreamStore.MaxUserBytes) },
        { "what Redis keeps of a hospital's answers", Size(ChatStreamStore.MaxHospitalBytes) },
        { "answers that a process of Chat", Number(ConcurrencyLimiter.Capacity) },
        { "what is remembered of a conversation", Number(MedCor.Chat.Runs.ChatHistory.MaxCharacters) },
        { "a stream on which nothing comes", $"{new ChatStreamOptions().IdleTimeoutSeconds} s" },
        { "a link in a mail", $"{AccountLinks.Lifetime.TotalMinutes} min" },
        { "links for one purpose", Number(AccountLinks.MaxRecent) },
        { "a link to stop or allow a change", $"{PendingEmailChange.ObjectionTime.TotalHours} h" },
        { "a link that confirms such a change", $"{PendingEmailChange.Lifetime.TotalDays} days" },
        { "administrators of a hospital who are told", Number(MailQueue.MaxAdmins) },
        { "mails that wait", Number(MailQueue.MaxWaiting) },
        { "time to log in at the provider", $"{ProviderAttempt.Lifetime.TotalMinutes} min" },
        { "a request to the provider of a hospital", Seconds(PublicHttp.Timeout) },
        { "a request to the provider of a hospital", Size(PublicHttp.MaxSize) },
        { "a request to the provider of a hospital", $"{PublicHttp.MaxRequests} at once at one Identity, {PublicHttp.MaxRequestsPerHost} of them" },
        { "a request to the provider of a hospital", $"{PublicHttp.MaxWaiting} wait, {PublicHttp.MaxWaitingPerHost} of them" },
        { "what is kept of providers", Number(ProviderMetadata.MaxKept) },
        { "what is kept of providers", $"{ProviderMetadata.Lifetime.TotalHours} h" },
        { "difference to the clock of a provider", $"{ProviderClient.ClockSkew.TotalMinutes} min" },
        { "patients whose content a user has open", Number(EmergencyOverride.MaxOpenPatients) },
        { "an emergency override", $"{EmergencyOverride.MinMinutes} to {EmergencyOverride.MaxMinutes} min" },
        { "a referral", $"{Referral.MaxDays} days" },
        { "time for which somebody is a guardian or proxy", $"{Representative.MaxYears} years" },
        { "patients for whom a user acts", Number(Representative.MaxPatients) },
        { "users whom an access policy names", Number(AccessPolicy.MaxNotifiedUsers) },
        { "days around a visit", Number(AccessPolicy.MaxVisitDays) },
        { "days around a visit", Number(AccessPolicy.MaxNurseDays) },
        { "staff who are named in the live event", Number(ContentViewers.MaxUsers) },
        { "guardians and proxies whom a live event of a patient names", Number(Representative.MaxNotified) },
        { "domains of e-mail addresses, and mapped values", Number(IdentityProvider.MaxEntries) },
        { "time for which a user is not asked again", $"{Identity.Authorization.Consents.Lifetime.TotalDays} days" },
        { "a pushed authorization request", $"{AuthorizationServer.PushedRequestLifetime.TotalMinutes} min" },
        { "recovery codes of a user", Number(RecoveryCode.CodesPerUser) },
        { "passkeys of a user", Number(PasskeyManager.MaxPerUser) },
        { "hospitals that one login opens", Number(SessionUser.MaxHospitals) },
        { "contacts, next of kin and identifiers", Number(DemographicLimits.MaxEntries) },
        { "a medical record number", Number(DemographicLimits.MaxMrnLength) },
        { "patients that `find_patients` finds", Number(FindPatientsHandler.MaxFound) },
        { "patients that are compared for duplicates", Number(PatientComparisonService.BatchSize) },
        { "failures of the comparison of a patient", Number(PatientComparisonService.MaxFailures) },
        { "candidates that are kept of a patient", Number(PatientComparisonService.MaxCandidates) },
        { "time after which a service is told again of a merge", $"{MergeReminder.Patience.TotalMinutes} min" },
        { "overlapping appointments that a merge lists", Number(PatientMerge.MaxOverlapping) },
        { "a session", $"{SignInPolicy.LongestSessionHours / 24} days, {SignInPolicy.MaxIdleMinutes / 24 / 60}" },
    };

    [Theory, MemberData(nameof(Bounds))]
    public void Documented_limits_match_the_code(string what, string bound)
    {
        var row = Assert.Single(Page.Split('\n'), line => line.StartsWith($"| {what}", StringComparison.Ordinal));

        Assert.Matches($@"(?<![\d,]){Regex.Escape(bound)}(?![\d]|,\d)", row);
    }

    /// <summary>Gets every rule by which a service deletes expired rows.</summary>
    public static TheoryData<string> RetentionPolicies =>
    [
        .. from assembly in ServiceCatalogue.All.Select(s => Assembly.Load($"MedCor.{s.ProjectName}")).Append(typeof(IRetentionPolicy).Assembly)
           from type in assembly.GetTypes()
           where type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IRetentionPolicy))
           select type.Name,
    ];

    [Theory, MemberData(nameof(RetentionPolicies))]
    public void Every_deletion_of_expired_rows_is_documented(string policy) => Assert.Contains($"| `{policy}` |", Page, StringComparison.Ordinal);

    private static string Number(int number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds} s";

    private static string Size(int bytes) => bytes >= 1024 * 1024 ? $"{bytes / 1024 / 1024} MiB" : $"{bytes / 1024} KiB";
}
