-- wrk asks this before each request, for how many milliseconds the connection waits: a second in the mean, at random, so
-- that connections do not send in step.
function delay()
    return math.random(0, 2000)
end
