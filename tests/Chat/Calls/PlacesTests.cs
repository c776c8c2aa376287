using MedCor.Chat.Calls;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Tests.Chat.Calls;

public class PlacesTests
{
    [Fact]
    public void When_all_are_taken_there_is_none_until_one_is_given_back()
    {
        var places = new Places();
        var taken = Enumerable.Range(0, Places.Most).Select(_ => places.Take()).ToArray();

        Assert.Throws<Unavailable>(places.Take);
        taken[0].Dispose();
        places.Take();
        Assert.Throws<Unavailable>(places.Take);
    }

    [Fact]
    public void A_place_that_is_handed_on_is_given_back_once_and_by_who_has_it()
    {
        var places = new Places();
        for (var i = 1; i < Places.Most; i++) places.Take();
        var first = places.Take();
        var kept = first.Keep();

        first.Dispose();
        Assert.Throws<Unavailable>(places.Take);
        kept.Dispose();
        kept.Dispose();
        places.Take();
        Assert.Throws<Unavailable>(places.Take);
    }
}
