using MedCor.Chat.Calls;
using MedCor.ServiceDefaults.Chats;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Tests.Chat.Calls;

public class PlacesTests
{
    [Fact]
    public void Whoever_asks_most_leaves_places_for_others()
    {
        var (places, greedy) = (new Places(), Somebody());
        var taken = Enumerable.Range(0, Places.MostOfUser).Select(_ => places.Take(greedy)).ToArray();

        Assert.Throws<TooMany>(() => places.Take(greedy));
        places.Take(Somebody()).Dispose();
        taken[0].Dispose();
        places.Take(greedy).Dispose();
    }

    [Fact]
    public void The_server_token_stands_for_any_number_of_users()
    {
        var places = new Places();

        for (var i = 0; i < Places.Most; i++) places.Take(CallOwner.Server);
        Assert.Throws<Unavailable>(() => places.Take(CallOwner.Server));
    }

    [Fact]
    public void When_all_are_taken_there_is_none_until_one_is_given_back()
    {
        var places = new Places();
        var taken = Enumerable.Range(0, Places.Most).Select(_ => places.Take(Somebody())).ToArray();

        Assert.Throws<Unavailable>(() => places.Take(Somebody()));
        taken[0].Dispose();
        places.Take(Somebody());
        Assert.Throws<Unavailable>(() => places.Take(Somebody()));
    }

    [Fact]
    public void A_place_that_is_handed_on_is_given_back_once_and_by_who_has_it()
    {
        var (places, owner) = (new Places(), Somebody());
        for (var i = 1; i < Places.MostOfUser; i++) places.Take(owner);
        var first = places.Take(owner);
        var kept = first.Keep();

        first.Dispose();
        Assert.Throws<TooMany>(() => places.Take(owner));
        kept.Dispose();
        kept.Dispose();
        places.Take(owner);
        Assert.Throws<TooMany>(() => places.Take(owner));
    }

    private static CallOwner Somebody() => new(Guid.NewGuid(), Guid.NewGuid());
}
