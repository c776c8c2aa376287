using System.Collections.Immutable;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;
using MedCor.Validation;

namespace MedCor.Gateway.LiveEvents;

/// <summary>What all surfaces for listeners have in common: what they wish to hear, and how they are looked after.</summary>
internal sealed class EventSubscriptions(LiveEventReader tailer, ConnectionMonitor attendance, ListenerPresence who)
{
    private const string LastEventId = "Last-Event-ID";

    /// <summary>Gets the resources that a subscription can be narrowed to: those that some event reports changes of.</summary>
    public static readonly ImmutableHashSet<string> SubscribableResources =
    [
        "hospitals", "users", "doctors", "patients", "appointments", "medical_records", "treatments", "specialties", "schedules",
        "subscriptions", "invoices", "departments", "confirmations", "triage",
    ];

    /// <summary>What is told to these roles, where a resource is closed to the others.</summary>
    private static readonly ImmutableDictionary<string, Callers> RestrictedResources = SubscribableResources.Select(name => (Name: name, Callers: name == "triage"
        ? Callers.HospitalAdmin | Callers.Doctor | Callers.Nurse : ResourceCatalogue.All.GetValueOrDefault(name)?.Callers ?? Callers.Everyone))
        .Where(resource => resource.Callers != Callers.Everyone).ToImmutableDictionary(resource => resource.Name, resource => resource.Callers);

    /// <summary>What a listener asks for in the address: only some resources, and to go on from a place. Throws <see cref="ValidationFailed"/> naming all that is wrong.</summary>
    public static (ImmutableHashSet<string>? Resources, ResumeToken? After) ReadOptions(HttpRequest request)
    {
        var (query, mistakes) = (request.Query, new Dictionary<string, List<string>>());
        foreach (var name in query.Keys.Where(n => n is not ("ticket" or "resources" or "last_event_id")))
            mistakes[name] = [$"is not a parameter; there are resources, last_event_id and ticket. A token is never accepted in an address{DidYouMean.Hint(name, ["resources", "last_event_id", "ticket"])}"];

        ImmutableHashSet<string>? wanted = null;
        if (query.TryGetValue("resources", out var lists))
        {
            wanted = [.. lists.SelectMany(l => l!.Split(',', StringSplitOptions.TrimEntries))];
            if (wanted.Contains("")) mistakes.AddError("resources", ValidationErrors.EmptyName(lists.ToString()));
            if (wanted.Except(SubscribableResources).Remove("") is { IsEmpty: false } unknown) mistakes.AddError("resources", FormatUnknown(unknown));
        }

        // A browser sends the header when it comes back by itself; who opens a new stream, with a new ticket, can only write it in the address.
        var (field, id) = request.Headers.TryGetValue(LastEventId, out var header) ? (LastEventId, header.ToString()) : ("last_event_id", query["last_event_id"].ToString());
        ResumeToken? after = null;
        if (id.Length > 0 && !ResumeToken.TryParse(id, out after)) mistakes[field] = ["is not the id of an event"];
        return mistakes.Count == 0 ? (wanted, after) : throw new ValidationFailed(mistakes);
    }

    /// <summary>Throws <see cref="Forbidden"/>, naming them and what is open instead, when nothing of some of these is ever told to somebody's role.</summary>
    /// <param name="resources">Known ones; null for all that there is to hear.</param>
    public static void ThrowIfForbidden(Caller caller, IReadOnlyCollection<string>? resources)
    {
        bool IsOpen(string name) => !RestrictedResources.TryGetValue(name, out var callers) || caller.IsOneOf(callers);
        if (resources?.Where(r => !IsOpen(r)).Order().ToArray() is not { Length: > 0 } closed) return;
        throw new Forbidden($"Your role hears nothing of {string.Join(", ", closed)}. Open to it are {string.Join(", ", SubscribableResources.Where(IsOpen).Order())}.").WithDetail("resources", closed);
    }

    /// <summary>What is wrong with naming these resources.</summary>
    public static string FormatUnknown(IEnumerable<string> unknown) => $"does not know {string.Join(", ", unknown)}; there are {string.Join(", ", SubscribableResources.Order())}{DidYouMean.Hint(unknown.First(), SubscribableResources)}";

    /// <summary>
    /// Gives a listener a seat: they hear what happens from now on, or since they were there last. Throws while Redis is away.
    /// </summary>
    public async Task<StreamSubscription> SubscribeAsync(EventSubscriber subscriber, ResumeToken? resumeAfter)
    {
        var seat = await tailer.SubscribeAsync(subscriber, resumeAfter);
        if (!subscriber.ReceivesToolResponses) return seat;
        try
        {
            // They are counted as listening before they can know that they do: what they call from then on is told to them.
            await who.JoinAsync(subscriber.Caller.UserId);
            return seat;
        }
        catch
        {
            Remove(subscriber);
            throw;
        }
    }

    /// <summary>Looks after a listener until they leave.</summary>
    public void Monitor(EventSubscriber subscriber) => attendance.Add(subscriber);

    /// <summary>A listener is gone.</summary>
    public void Remove(EventSubscriber subscriber)
    {
        attendance.Remove(subscriber);
        if (subscriber.Subscription is not { } seat) return;
        seat.Dispose();
        if (subscriber.ReceivesToolResponses) who.Leave(subscriber.Caller.UserId);
    }
}
