using System.Collections.Immutable;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;
using MedCor.Validation;

namespace MedCor.Gateway.LiveEvents;

/// <summary>Manages the subscriptions of all live event surfaces: reads their options, checks the caller's rights, and adds and removes subscribers.</summary>
internal sealed class EventSubscriptions(LiveEventReader reader, ConnectionMonitor monitor, ListenerPresence presence)
{
    /// <summary>
    /// Reads the options of a subscription from the query: the resources, null for all, and the position to resume from. Throws
    /// <see cref="ValidationFailed"/> with all errors.
    /// </summary>
    public static (ImmutableHashSet<string>? Resources, ResumeToken? After) ReadOptions(HttpRequest request)
    {
        var errors = new Dictionary<string, List<string>>();
        var after = ResumeRequest.ReadPosition<ResumeToken>(request, ResumeToken.TryParse, errors, "resources");
        ImmutableHashSet<string>? resources = null;
        if (request.Query.TryGetValue("resources", out var lists))
        {
            resources = [.. lists.SelectMany(l => l!.Split(',', StringSplitOptions.TrimEntries))];
            if (resources.Contains("")) errors.AddError("resources", ValidationErrors.EmptyName(lists.ToString()));
            if (resources.Except(LiveResources.All.Keys).Remove("") is { IsEmpty: false } unknown) errors.AddError("resources", FormatUnknown(unknown));
        }
        return errors.Count == 0 ? (resources, after) : throw new ValidationFailed(errors);
    }

    /// <summary>
    /// Throws <see cref="Forbidden"/>, with the resources that are available, when the caller's role may not subscribe to a resource, and
    /// <see cref="InsufficientScope"/> when the token may not.
    /// </summary>
    /// <param name="resources">Known resources; null for all resources that are available to the caller.</param>
    public static void ThrowIfForbidden(Caller caller, IReadOnlyCollection<string>? resources)
    {
        bool IsOpen(string name) => LiveResources.All[name] == Callers.Everyone || caller.IsOneOf(LiveResources.All[name]);
        if (resources is null) return;
        if (resources.Where(r => !IsOpen(r)).Order().ToArray() is { Length: > 0 } forbidden)
            throw new Forbidden(
                $"Your role may not subscribe to {string.Join(", ", forbidden)}. "
                    + $"Available resources: {string.Join(", ", LiveResources.All.Keys.Where(IsOpen).Order())}.")
                .WithDetail("resources", forbidden);
        if (resources.Order().Select(r => LiveResources.Scopes[r]).Where(s => !caller.Covers(s)).Distinct().ToArray() is { Length: > 0 } missing)
            throw new InsufficientScope(missing);
    }

    /// <summary>Formats the validation error of unknown resources.</summary>
    public static string FormatUnknown(IEnumerable<string> unknown) =>
        $"does not know {string.Join(", ", unknown)}; there are {string.Join(", ", LiveResources.All.Keys.Order())}"
        + DidYouMean.Hint(unknown.First(), LiveResources.All.Keys);

    /// <summary>
    /// Subscribes to events from now on, or from a position on. Throws while Redis is unavailable.
    /// </summary>
    public async Task<StreamSubscription> SubscribeAsync(EventSubscriber subscriber, ResumeToken? resumeAfter)
    {
        var subscription = await reader.SubscribeAsync(subscriber, resumeAfter);
        if (!subscriber.ReceivesToolResponses) return subscription;
        try
        {
            // Registered before the client can know that it is subscribed, so that it receives the responses of all its later calls.
            await presence.JoinAsync(subscriber.Caller.UserId);
            return subscription;
        }
        catch
        {
            Remove(subscriber);
            throw;
        }
    }

    /// <summary>Monitors a subscriber until it is removed: its token, its revocation and the state of its connection.</summary>
    public void Monitor(EventSubscriber subscriber) => monitor.Add(subscriber);

    /// <summary>Removes a subscriber and its subscription.</summary>
    public void Remove(EventSubscriber subscriber)
    {
        monitor.Remove(subscriber);
        if (subscriber.Subscription is not { } subscription) return;
        subscription.Dispose();
        if (subscriber.ReceivesToolResponses) presence.Leave(subscriber.Caller.UserId);
    }
}
